//! A page description as a PDF file.
//!
//! The file is PDF/A-2u, so it can be archived as it is. The same document always makes the same bytes: no
//! clock, no random, and the creation date is the document's own.
#![allow(clippy::float_arithmetic, reason = "places on paper; money is text before it comes here")]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use krilla::color::rgb;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::{Document, SerializeSettings};

use crate::PrintError;
use crate::budget::Budget;
use crate::flow::{self, PAGES_MAX, Room};
use crate::fonts::Fonts;
use crate::layout::{Laid, Layout, Mark};
use crate::page::{Colour, Page, Watermark};
use crate::text::Type;

/// Between the body and what stands above and below it.
const GAP: f32 = 14.0;

/// What viewers and archives show of a file besides its pages.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) id: &'a str,
    pub(crate) author: &'a str,
    pub(crate) made_at: Timestamp,
}

pub(crate) fn write(page: &Page, facts: &Facts<'_>, budget: &Budget) -> Result<Vec<u8>, PrintError> {
    let fonts = Fonts::get()?;
    let settings = PageSettings::from_wh(page.width, page.height).ok_or(PrintError::Format)?;
    let width = page.width - page.margin.left - page.margin.right;
    // Numbers as wide as they may become.
    let widest = Layout { fonts, budget, page: PAGES_MAX, pages: PAGES_MAX };
    let (head, foot) =
        (height(&widest.stack(&page.header, width)), height(&widest.stack(&page.footer, width)));
    let room = page.height - page.margin.top - page.margin.bottom - foot;
    let first_head = if page.header_first { head } else { 0.0 };
    let room = Room { first: room - first_head, next: room - head };
    if width < 100.0 || room.first.min(room.next) < 100.0 {
        return Err(PrintError::NoRoom);
    }
    let bodies = flow::pages(&widest, &page.body, width, room)?;

    let mut document = Document::new_with(archival()?);
    document.set_metadata(metadata(page, facts));
    let pages = bodies.len();
    for (place, body) in bodies.into_iter().enumerate() {
        let layout = Layout { fonts, budget, page: place + 1, pages };
        let mut sheet = document.start_page_with(settings.clone());
        let mut surface = sheet.surface();
        if let Some(watermark) = &page.watermark {
            budget.take(watermark.text.len());
            draw_watermark(&mut surface, page, watermark, fonts);
        }
        let (x, mut y) = (page.margin.left, page.margin.top);
        if page.header_first || place > 0 {
            draw(&mut surface, x, y, layout.stack(&page.header, width));
            y += head;
        }
        draw(&mut surface, x, y, body);
        let footer = layout.stack(&page.footer, width);
        draw(&mut surface, x, page.height - page.margin.bottom - footer.height, footer);
        surface.finish();
        sheet.finish();
        budget.check()?;
    }
    document.finish().map_err(PrintError::Write)
}

fn height(margin: &Laid) -> f32 {
    if margin.height > 0.0 { margin.height + GAP } else { 0.0 }
}

fn archival() -> Result<SerializeSettings, PrintError> {
    let builder = ConfigurationBuilder::new().with_archival_validator(Archival::A2_U);
    let configuration = builder.finish().map_err(|_| PrintError::Format)?;
    Ok(SerializeSettings { configuration, ..SerializeSettings::default() })
}

fn metadata(page: &Page, facts: &Facts<'_>) -> Metadata {
    Metadata::new()
        .title(without_controls(&page.title))
        .authors(vec![without_controls(facts.author)])
        .language(page.language.clone())
        .creation_date(date(facts.made_at))
        .document_id(facts.id.to_owned())
}

/// The facts stand in the file as XML too, which has no such characters.
fn without_controls(text: &str) -> String {
    text.replace(
        |character: char| character.is_control() || matches!(character, '\u{FFFE}' | '\u{FFFF}'),
        " ",
    )
}

/// In UTC.
fn date(made_at: Timestamp) -> DateTime {
    let made = made_at.to_zoned(TimeZone::UTC);
    let part = |value: i8| value.unsigned_abs();
    DateTime::new(made.year().unsigned_abs())
        .month(part(made.month()))
        .day(part(made.day()))
        .hour(part(made.hour()))
        .minute(part(made.minute()))
        .second(part(made.second()))
        .utc_offset_hour(0)
}

/// Across the page, as large as the page allows.
fn draw_watermark(surface: &mut Surface<'_>, page: &Page, watermark: &Watermark, fonts: &'static Fonts) {
    let widest = page.height * 0.75;
    let line = Type::new(fonts, true, 150.0).line(&watermark.text);
    let size = 150.0 * (widest / line.width.max(1.0)).min(1.0);
    let line = Type::new(fonts, true, size).line(&watermark.text);
    // Below the middle, where the head of the document does not hide it.
    let (x, y) = (page.width / 2.0, page.height * 0.6);
    surface.push_transform(&Transform::from_rotate_at(-52.0, x, y));
    fill(surface, watermark.colour);
    line.draw(surface, Point::from_xy(x - line.width / 2.0, y + size / 3.0));
    surface.pop();
}

fn draw(surface: &mut Surface<'_>, left: f32, top: f32, laid: Laid) {
    for mark in laid.marks {
        match mark {
            Mark::Line { x, baseline, colour, line } => {
                fill(surface, colour);
                line.draw(surface, Point::from_xy(left + x, top + baseline));
            }
            Mark::Rectangle { x, y, width, height, colour } => {
                let mut path = PathBuilder::new();
                if let Some(rectangle) = Rect::from_xywh(left + x, top + y, width, height) {
                    path.push_rect(rectangle);
                }
                if let Some(path) = path.finish() {
                    fill(surface, colour);
                    surface.draw_path(&path);
                }
            }
            Mark::Image { x, y, width, height, picture } => {
                if let Some(size) = Size::from_wh(width, height) {
                    surface.push_transform(&Transform::from_translate(left + x, top + y));
                    surface.draw_image(picture.image(), size);
                    surface.pop();
                }
            }
        }
    }
}

fn fill(surface: &mut Surface<'_>, [red, green, blue]: Colour) {
    let paint = rgb::Color::new(red, green, blue).into();
    surface.set_fill(Some(Fill { paint, opacity: NormalizedF32::ONE, rule: FillRule::NonZero }));
}
