//! The parts of a page: title, parties, facts, the table of charges, totals and the foot.
#![allow(clippy::float_arithmetic, reason = "places on paper; money is text before it comes here")]

use std::ops::Range;

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;

use super::table::{Edge, Room, Row, Table};
use super::text::{Fonts, Style};
use super::wording::{Party, Wording};

/// A4 in points.
pub(super) const PAGE_WIDTH: f32 = 595.28;
pub(super) const PAGE_HEIGHT: f32 = 841.89;

const MARGIN: f32 = 48.0;
const RIGHT: f32 = PAGE_WIDTH - MARGIN;
pub(super) const CONTENT_WIDTH: f32 = RIGHT - MARGIN;
/// Below this only the foot is drawn.
const BOTTOM: f32 = PAGE_HEIGHT - 64.0;
const FOOT_BASELINE: f32 = PAGE_HEIGHT - 36.0;

const TITLE_SIZE: f32 = 22.0;
const TITLE_BAND_HEIGHT: f32 = 40.0;
const COLUMN_GAP: f32 = 24.0;
const PARTY_WIDTH: f32 = (CONTENT_WIDTH - COLUMN_GAP) / 2.0;
/// A company name has up to 120 characters.
const NAME_LINES_MAX: usize = 6;
const FACT_COLUMNS: usize = 3;
const FACT_LINES_MAX: usize = 3;
const LABEL_SIZE: f32 = 7.5;
const BOX_PADDING: f32 = 10.0;
const TOTALS_WIDTH: f32 = 285.0;
const TOTALS_HEIGHT: f32 = 84.0;

const INK: [u8; 3] = [0x1A, 0x1F, 0x2B];
const GREY: [u8; 3] = [0x5B, 0x64, 0x72];
const RULE: [u8; 3] = [0xD0, 0xD5, 0xDD];
const SHADE: [u8; 3] = [0xF3, 0xF5, 0xF8];
const WHITE: [u8; 3] = [0xFF, 0xFF, 0xFF];
/// A draft must not pass for an invoice, not even on a grey copy of one of its pages.
const DRAFT: [u8; 3] = [0xB4, 0x23, 0x18];
const DRAFT_WATERMARK: [u8; 3] = [0xFB, 0xE4, 0xE1];

/// A page being drawn. Places are in points from the top left corner of the paper.
pub(super) struct Sheet<'s, 'd> {
    pub(super) surface: &'s mut Surface<'d>,
    pub(super) fonts: &'s Fonts,
    pub(super) wording: &'s Wording,
}

/// How much room the table has, below the head of the first page and on the pages after it.
pub(super) fn room(fonts: &Fonts, wording: &Wording) -> Room {
    Room {
        first_page: BOTTOM - head_height(fonts, wording),
        next_pages: BOTTOM - MARGIN,
        totals: TOTALS_HEIGHT,
    }
}

/// Where the table of the first page begins.
fn head_height(fonts: &Fonts, wording: &Wording) -> f32 {
    facts_top(fonts, wording) + facts_height(fonts, wording) + 18.0
}

fn parties_top() -> f32 {
    MARGIN + TITLE_BAND_HEIGHT + 22.0
}

fn facts_top(fonts: &Fonts, wording: &Wording) -> f32 {
    let lines = |party: &Party| name_lines(fonts, party).len();
    let lines = lines(&wording.issuer).max(lines(&wording.payer));
    parties_top() + LABEL_SIZE + 5.0 + name_style(fonts).line_height() * lines as f32 + 32.0
}

fn name_style(fonts: &Fonts) -> Style<'_> {
    fonts.bold.at(11.0)
}

fn name_lines(fonts: &Fonts, party: &Party) -> Vec<String> {
    name_style(fonts).wrapped(&party.name, PARTY_WIDTH, NAME_LINES_MAX)
}

fn fact_style(fonts: &Fonts) -> Style<'_> {
    fonts.regular.at(9.5)
}

fn fact_width() -> f32 {
    (CONTENT_WIDTH - 2.0 * BOX_PADDING - COLUMN_GAP * (FACT_COLUMNS - 1) as f32) / FACT_COLUMNS as f32
}

fn fact_lines(fonts: &Fonts, value: &str) -> Vec<String> {
    fact_style(fonts).wrapped(value, fact_width(), FACT_LINES_MAX)
}

fn fact_row_height(fonts: &Fonts, facts: &[(&'static str, String)]) -> f32 {
    let lines = facts.iter().map(|(_, value)| fact_lines(fonts, value).len()).max().unwrap_or_default();
    LABEL_SIZE + 4.0 + fact_style(fonts).line_height() * lines as f32 + BOX_PADDING
}

fn facts_height(fonts: &Fonts, wording: &Wording) -> f32 {
    let rows = wording.facts.chunks(FACT_COLUMNS).map(|row| fact_row_height(fonts, row));
    rows.sum::<f32>() + BOX_PADDING
}

impl Sheet<'_, '_> {
    pub(super) fn first_page(&mut self, table: &Table<'_>, rows: Range<usize>) -> f32 {
        self.watermark();
        self.title();
        self.parties();
        self.facts();
        self.charges(table, rows, head_height(self.fonts, self.wording))
    }

    /// Like the first page, returns where the table ends.
    pub(super) fn next_page(&mut self, table: &Table<'_>, rows: Range<usize>) -> f32 {
        self.watermark();
        self.charges(table, rows, MARGIN)
    }

    fn watermark(&mut self) {
        if !self.wording.draft {
            return;
        }
        let style = self.fonts.bold.at(150.0);
        // Below the middle, where the shade of the facts does not hide it.
        let (x, y) = (PAGE_WIDTH / 2.0, PAGE_HEIGHT * 0.6);
        self.surface.push_transform(&Transform::from_rotate_at(-52.0, x, y));
        self.text(style, DRAFT_WATERMARK, x - style.width("DRAFT") / 2.0, y + style.size / 3.0, "DRAFT");
        self.surface.pop();
    }

    fn title(&mut self) {
        let style = self.fonts.bold.at(TITLE_SIZE);
        let title = self.wording.title;
        let baseline = MARGIN + 28.0;
        if self.wording.draft {
            self.rectangle(DRAFT, MARGIN, MARGIN, CONTENT_WIDTH, TITLE_BAND_HEIGHT);
            self.text(style, WHITE, MARGIN + BOX_PADDING, baseline, title);
        } else {
            self.text(style, INK, MARGIN, baseline, title);
            self.rectangle(INK, MARGIN, MARGIN + TITLE_BAND_HEIGHT - 1.5, CONTENT_WIDTH, 1.5);
        }
        let note = self.fonts.regular.at(9.0);
        let (colour, right) = if self.wording.draft { (WHITE, RIGHT - BOX_PADDING) } else { (GREY, RIGHT) };
        let room = right - MARGIN - BOX_PADDING - style.width(title) - COLUMN_GAP;
        let text = note.cut(&self.wording.title_note, room);
        self.text_to(note, colour, right, baseline - 1.0, &text);
    }

    fn parties(&mut self) {
        let wording = self.wording;
        self.party("FROM", &wording.issuer, MARGIN);
        self.party("BILL TO", &wording.payer, MARGIN + PARTY_WIDTH + COLUMN_GAP);
    }

    fn party(&mut self, label: &str, party: &Party, x: f32) {
        let mut y = parties_top() + LABEL_SIZE;
        self.text(self.fonts.bold.at(LABEL_SIZE), GREY, x, y, label);
        y += 5.0;
        let style = name_style(self.fonts);
        for line in name_lines(self.fonts, party) {
            y += style.line_height();
            self.text(style, INK, x, y, &line);
        }
        self.text(self.fonts.regular.at(8.0), GREY, x, y + 14.0, &party.id);
    }

    fn facts(&mut self) {
        let (fonts, wording) = (self.fonts, self.wording);
        let mut y = facts_top(fonts, wording);
        self.rectangle(SHADE, MARGIN, y, CONTENT_WIDTH, facts_height(fonts, wording));
        y += BOX_PADDING;
        for row in wording.facts.chunks(FACT_COLUMNS) {
            for (column, (label, value)) in row.iter().enumerate() {
                let x = MARGIN + BOX_PADDING + (fact_width() + COLUMN_GAP) * column as f32;
                self.fact(label, value, x, y);
            }
            y += fact_row_height(fonts, row);
        }
    }

    fn fact(&mut self, label: &str, value: &str, x: f32, top: f32) {
        self.text(self.fonts.regular.at(LABEL_SIZE), GREY, x, top + LABEL_SIZE, label);
        let style = fact_style(self.fonts);
        let mut y = top + LABEL_SIZE + 2.0;
        for line in fact_lines(self.fonts, value) {
            y += style.line_height();
            self.text(style, INK, x, y, &line);
        }
    }

    fn charges(&mut self, table: &Table<'_>, rows: Range<usize>, top: f32) -> f32 {
        if rows.is_empty() && !table.rows.is_empty() {
            return top; // a page of totals alone
        }
        let mut y = top;
        for line in table.heading_lines() {
            self.cell(table.heading, line.text, line.edge, y + line.baseline);
        }
        y += table.heading_height();
        self.rectangle(INK, MARGIN, y - 1.0, CONTENT_WIDTH, 1.0);
        if table.rows.is_empty() {
            y += 18.0;
            self.text(table.body, GREY, MARGIN, y, "No charges in this period.");
            y += 8.0;
        }
        for row in &table.rows[rows] {
            y = self.row(table, row, y);
        }
        y
    }

    fn row(&mut self, table: &Table<'_>, row: &Row, top: f32) -> f32 {
        for line in table.lines(row) {
            self.cell(table.body, line.text, line.edge, top + line.baseline);
        }
        let bottom = top + table.row_height(row);
        self.rectangle(RULE, MARGIN, bottom - 0.5, CONTENT_WIDTH, 0.5);
        bottom
    }

    fn cell(&mut self, style: Style<'_>, text: &str, edge: Edge, baseline: f32) {
        match edge {
            Edge::Left(x) => self.text(style, INK, MARGIN + x, baseline, text),
            Edge::Right(x) => self.text_to(style, INK, MARGIN + x, baseline, text),
        }
    }

    pub(super) fn totals(&mut self, top: f32) {
        let wording = self.wording;
        let left = RIGHT - TOTALS_WIDTH;
        let regular = self.fonts.regular.at(9.5);
        self.text(regular, INK, left, top + 22.0, "Net, exact");
        self.text_to(regular, INK, RIGHT, top + 22.0, &wording.net);
        self.rectangle(INK, left, top + 31.0, TOTALS_WIDTH, 1.0);
        let bold = self.fonts.bold.at(13.0);
        self.text(bold, INK, left, top + 50.0, wording.total_label);
        self.text_to(bold, INK, RIGHT, top + 50.0, &wording.total);
        self.text_to(self.fonts.regular.at(LABEL_SIZE), GREY, RIGHT, top + 68.0, &wording.rounding_note);
    }

    /// `page` counts from one.
    pub(super) fn foot(&mut self, page: usize, pages: usize) {
        let style = self.fonts.regular.at(8.0);
        let place = format!("Page {page} of {pages}");
        self.rectangle(RULE, MARGIN, FOOT_BASELINE - 14.0, CONTENT_WIDTH, 0.5);
        self.text_to(style, GREY, RIGHT, FOOT_BASELINE, &place);
        let room = CONTENT_WIDTH - style.width(&place) - COLUMN_GAP;
        let colour = if self.wording.draft { DRAFT } else { GREY };
        self.text(style, colour, MARGIN, FOOT_BASELINE, &style.cut(&self.wording.foot, room));
    }

    fn text(&mut self, style: Style<'_>, colour: [u8; 3], x: f32, baseline: f32, text: &str) {
        self.fill(colour);
        style.draw(self.surface, Point::from_xy(x, baseline), text);
    }

    /// Ends at `right`.
    fn text_to(&mut self, style: Style<'_>, colour: [u8; 3], right: f32, baseline: f32, text: &str) {
        self.text(style, colour, right - style.width(text), baseline, text);
    }

    fn rectangle(&mut self, colour: [u8; 3], x: f32, y: f32, width: f32, height: f32) {
        let mut path = PathBuilder::new();
        if let Some(rectangle) = Rect::from_xywh(x, y, width, height) {
            path.push_rect(rectangle);
        }
        if let Some(path) = path.finish() {
            self.fill(colour);
            self.surface.draw_path(&path);
        }
    }

    fn fill(&mut self, [red, green, blue]: [u8; 3]) {
        let paint = rgb::Color::new(red, green, blue).into();
        self.surface.set_fill(Some(Fill { paint, opacity: NormalizedF32::ONE, rule: FillRule::NonZero }));
    }
}
