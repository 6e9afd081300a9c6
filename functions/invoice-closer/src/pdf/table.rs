//! The table of charges before it is drawn: how wide its columns are, what its cells say line by line,
//! and which rows stand on which page.
#![allow(clippy::float_arithmetic, reason = "places on paper; money is text before it comes here")]

use std::array::from_fn;
use std::ops::Range;

use domain::invoice::{Charge, Invoice};
use domain::rating::Resource;

use super::number;
use super::text::{Fonts, Style};

const COLUMNS: usize = 8;
/// Columns of words; those behind them are numbers.
const TEXT_COLUMNS: usize = 4;
const HEADINGS: [&str; COLUMNS] =
    ["Resource", "Sender", "Country", "Rate", "Unit price", "Messages", "Quantity", "Net"];
/// In points, tried one after the other until all columns fit. At the last one, four columns of the
/// longest numbers there are leave the words a third of the page.
const SIZES: [f32; 4] = [8.5, 7.5, 6.5, 5.5];
/// Times the font size. Beyond this a text wraps, so that one long text does not make the table small.
const TEXT_WIDTH_MAX: f32 = 14.0;
const CELL_LINES_MAX: usize = 3;
const GAP: f32 = 10.0;
/// Above the lines of a row, and again below them.
const PADDING: f32 = 3.5;

pub(super) struct Table<'f> {
    pub(super) heading: Style<'f>,
    pub(super) body: Style<'f>,
    /// From the left edge of the table: where a column of words begins, and one of numbers ends.
    edges: [f32; COLUMNS],
    pub(super) rows: Vec<Row>,
}

/// The lines of each cell.
pub(super) struct Row([Vec<String>; COLUMNS]);

/// A line of a cell, and where it stands.
pub(super) struct Line<'r> {
    pub(super) text: &'r str,
    pub(super) edge: Edge,
    /// Its baseline below the top of the row.
    pub(super) baseline: f32,
}

/// From the left edge of the table.
pub(super) enum Edge {
    Left(f32),
    Right(f32),
}

/// Heights in points.
pub(super) struct Room {
    pub(super) first_page: f32,
    pub(super) next_pages: f32,
    /// What the totals below the last row need.
    pub(super) totals: f32,
}

impl<'f> Table<'f> {
    pub(super) fn lay_out(invoice: &Invoice, fonts: &'f Fonts, width: f32) -> Self {
        let cells = cells(invoice);
        let widths_at = |size| natural_widths(&cells, fonts.bold.at(size), fonts.regular.at(size));
        let fits = |size: &&f32| widths_at(**size).iter().sum::<f32>() <= room_of_columns(width);
        let size = SIZES.iter().find(fits).or(SIZES.last()).copied().unwrap_or_default();
        let widths = filled(widths_at(size), room_of_columns(width));
        let body = fonts.regular.at(size);
        let rows = cells.iter().map(|cells| Row::wrapped(cells, &widths, body)).collect();
        Self { heading: fonts.bold.at(size), body, edges: edges(&widths), rows }
    }

    pub(super) fn heading_height(&self) -> f32 {
        self.heading.line_height() + 2.0 * PADDING
    }

    pub(super) fn row_height(&self, row: &Row) -> f32 {
        let lines = row.0.iter().map(Vec::len).max().unwrap_or_default().max(1);
        self.body.line_height() * lines as f32 + 2.0 * PADDING
    }

    pub(super) fn heading_lines(&self) -> impl Iterator<Item = Line<'static>> {
        (0..COLUMNS).map(|column| self.line(column, 0, HEADINGS[column]))
    }

    pub(super) fn lines<'r>(&self, row: &'r Row) -> impl Iterator<Item = Line<'r>> {
        row.0.iter().enumerate().flat_map(move |(column, lines)| {
            lines.iter().enumerate().map(move |(place, text)| self.line(column, place, text))
        })
    }

    fn line<'r>(&self, column: usize, place: usize, text: &'r str) -> Line<'r> {
        let edge = self.edges[column];
        let edge = if column < TEXT_COLUMNS { Edge::Left(edge) } else { Edge::Right(edge) };
        let baseline = PADDING + self.body.size + self.body.line_height() * place as f32;
        Line { text, edge, baseline }
    }

    /// The rows of each page, at least one page. The totals are never alone while a row can join them.
    pub(super) fn pages(&self, room: &Room) -> Vec<Range<usize>> {
        let heights: Vec<_> = self.rows.iter().map(|row| self.row_height(row)).collect();
        paginate(&heights, self.heading_height(), room)
    }
}

impl Row {
    fn wrapped(cells: &[String; COLUMNS], widths: &[f32; COLUMNS], style: Style<'_>) -> Self {
        Self(from_fn(|column| match column {
            0..TEXT_COLUMNS => style.wrapped(&cells[column], widths[column], CELL_LINES_MAX),
            // Never a digit less: the sizes are chosen so that a number always fits.
            _ => vec![cells[column].clone()],
        }))
    }
}

fn cells(invoice: &Invoice) -> Vec<[String; COLUMNS]> {
    let minor_places = invoice.currency.minor_places();
    let price_places =
        number::places_of(invoice.charges.iter().map(|charge| charge.unit_price), minor_places);
    let net_places = number::places_of(invoice.charges.iter().map(|charge| charge.net), minor_places);
    let row = |charge: &Charge| {
        [
            what(charge),
            charge.sender.as_ref().map_or_else(String::new, |sender| sender.as_str().to_owned()),
            charge.country.clone().unwrap_or_default(),
            charge.rate.as_str().to_owned(),
            number::amount(charge.unit_price, price_places),
            number::count(charge.messages),
            number::count(charge.quantity),
            number::amount(charge.net, net_places),
        ]
    };
    invoice.charges.iter().map(row).collect()
}

/// What was used; of fees with what they are for.
fn what(charge: &Charge) -> String {
    let resource = resource_in_words(charge.resource);
    match &charge.subject {
        None => resource.to_owned(),
        Some(subject) => format!("{resource}: {subject}"),
    }
}

fn resource_in_words(resource: Resource) -> &'static str {
    match resource {
        Resource::SmsMessage => "SMS message",
        Resource::SenderIdSetupFee => "Sender ID, setup",
        Resource::SenderIdUsageFee => "Sender ID, use",
        Resource::PlatformFee => "Platform",
        Resource::RcsMessage => "RCS message",
        Resource::ViberMessage => "Viber message",
        Resource::ViberSession => "Viber session",
        Resource::WhatsappMessage => "WhatsApp message",
        Resource::WhatsappConversation => "WhatsApp conversation",
        Resource::WechatMessage => "WeChat message",
        Resource::EmailMessage => "Email",
        Resource::FlashCall => "Flash call",
        Resource::TelegramGatewayMessage => "Telegram message",
        Resource::PushMessage => "Push message",
        Resource::TtsMessage => "Spoken message",
        Resource::VoiceCall => "Voice call",
        Resource::PushPartnerMessage => "Push message, partner",
        Resource::ServicePurchase => "Pack",
        Resource::AdditionalService => "Additional service",
        Resource::BundleMember => "Bundle, more recipients",
    }
}

fn room_of_columns(width: f32) -> f32 {
    width - GAP * (COLUMNS - 1) as f32
}

/// As wide as the widest text of each column.
fn natural_widths(cells: &[[String; COLUMNS]], heading: Style<'_>, body: Style<'_>) -> [f32; COLUMNS] {
    from_fn(|column| {
        let widest = cells.iter().map(|row| body.width(&row[column])).fold(0.0, f32::max);
        let widest = if column < TEXT_COLUMNS { widest.min(TEXT_WIDTH_MAX * body.size) } else { widest };
        widest.max(heading.width(HEADINGS[column]))
    })
}

/// Columns that fill the room: what is left over goes to all alike, what is missing comes from the words.
fn filled(widths: [f32; COLUMNS], room: f32) -> [f32; COLUMNS] {
    let spare = room - widths.iter().sum::<f32>();
    if spare >= 0.0 {
        return widths.map(|width| width + spare / COLUMNS as f32);
    }
    let words: f32 = widths[..TEXT_COLUMNS].iter().sum();
    let part = (words + spare) / words;
    from_fn(|column| if column < TEXT_COLUMNS { widths[column] * part } else { widths[column] })
}

fn edges(widths: &[f32; COLUMNS]) -> [f32; COLUMNS] {
    from_fn(|column| {
        let left = widths[..column].iter().sum::<f32>() + GAP * column as f32;
        if column < TEXT_COLUMNS { left } else { left + widths[column] }
    })
}

fn paginate(heights: &[f32], heading: f32, room: &Room) -> Vec<Range<usize>> {
    let mut pages = Vec::new();
    let (mut first, mut used, mut available) = (0, heading, room.first_page);
    for (row, height) in heights.iter().enumerate() {
        if used + height > available && first < row {
            pages.push(first..row);
            (first, used, available) = (row, heading, room.next_pages);
        }
        used += height;
    }
    let rows = heights.len();
    if used + room.totals > available && first < rows {
        // The last row goes with the totals, unless it is the page's only one.
        let last = if rows - first > 1 { rows - 1 } else { rows };
        pages.push(first..last);
        first = last;
    }
    pages.push(first..rows);
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { first_page: 50.0, next_pages: 100.0, totals: 30.0 };

    #[track_caller]
    fn check<const PAGES: usize>(rows: usize, ends: [usize; PAGES]) {
        let pages = paginate(&vec![10.0; rows], 10.0, &ROOM);
        assert_eq!(pages.iter().map(|page| page.end).collect::<Vec<_>>(), ends);
        assert!(pages.into_iter().flatten().eq(0..rows));
    }

    #[test]
    fn rows_and_totals_share_a_page_while_there_is_room() {
        check(0, [0]);
        check(1, [1]);
        check(5, [4, 5]);
        check(10, [4, 10]);
    }

    #[test]
    fn the_last_row_goes_with_totals_that_need_a_new_page() {
        check(2, [1, 2]);
        check(4, [3, 4]);
        check(11, [4, 10, 11]);
        check(13, [4, 12, 13]);
        check(14, [4, 13, 14]);
    }

    #[test]
    fn columns_fill_the_width_whether_they_need_it_or_not() {
        for natural in [20.0, 90.0] {
            let sum: f32 = filled([natural; COLUMNS], 441.0).iter().sum();
            assert!((sum - 441.0).abs() < 0.01, "{sum}");
        }
    }
}
