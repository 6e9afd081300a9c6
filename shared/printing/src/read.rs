//! From the XML that a template renders to the [`Page`] it describes. What it does not know it refuses, with
//! the line of the template and the reason.

use crate::TemplateError;
use crate::page::{
    Align, Block, Cell, Colour, Margin, Page, Piece, Row, Style, Table, Text, Watermark, Width,
};
use crate::picture::Pictures;
use crate::xml::{Element, Lines, Node, within};

/// Of no paper that a printer takes, and far more than a text needs.
const LENGTH_MAX: f32 = 2000.0;
const COLUMNS_MAX: usize = 24;
/// Characters: it is set again on each page.
const WATERMARK_LENGTH_MAX: usize = 200;

const A4: (f32, f32) = (595.28, 841.89);
const LETTER: (f32, f32) = (612.0, 792.0);
const INK: Colour = [0x1A, 0x1F, 0x2B];
const RULE: Colour = [0xD0, 0xD5, 0xDD];
const SHADE: Colour = [0xF3, 0xF5, 0xF8];

pub(crate) fn page(xml: &str, lines: &impl Lines, pictures: &Pictures) -> Result<Page, TemplateError> {
    let in_body = Place { is_margin: false, pictures };
    let in_margin = Place { is_margin: true, pictures };
    let mut document = Element::parse(xml, lines)?;
    if document.name != "document" {
        return Err(document.wrong("a template is one <document>"));
    }
    let base = Style { size: 9.5, bold: false, colour: INK, align: Align::Left };
    let style = styled(&mut document, base)?;
    let paper = document.take_as("paper", paper, "A4, A4 landscape, letter or letter landscape")?;
    let (width, height) = paper.unwrap_or(A4);
    let margin = document.take_as("margin", margin, "one length, or those of top, right, bottom and left")?;
    let mut page = Page {
        title: document.take("title").unwrap_or_default(),
        language: document.take("language").unwrap_or_else(|| "en".to_owned()),
        width,
        height,
        margin: margin.unwrap_or(Margin { top: 48.0, right: 48.0, bottom: 36.0, left: 48.0 }),
        watermark: None,
        header: Vec::new(),
        header_first: true,
        footer: Vec::new(),
        body: Vec::new(),
    };
    document.check_done()?;
    for mut element in document.elements()? {
        match element.name.as_str() {
            "watermark" => page.watermark = watermark(element, style, in_body)?,
            "header" => {
                page.header_first = flag(&mut element, "first")?.unwrap_or(true);
                page.header = within_margin(element, style, in_margin)?;
            }
            "footer" => page.footer = within_margin(element, style, in_margin)?,
            _ => page.body.push(block(element, style, in_body)?),
        }
    }
    Ok(page)
}

/// What an element stands in.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// Only there the number of the page is known.
    is_margin: bool,
    pictures: &'a Pictures,
}

fn within_margin(mut element: Element, style: Style, place: Place<'_>) -> Result<Vec<Block>, TemplateError> {
    let style = styled(&mut element, style)?;
    element.check_done()?;
    blocks(element, style, place)
}

fn watermark(
    mut element: Element,
    style: Style,
    place: Place<'_>,
) -> Result<Option<Watermark>, TemplateError> {
    let colour = styled(&mut element, Style { colour: RULE, ..style })?.colour;
    element.check_done()?;
    let line = element.line;
    let text = text(element, style, place)?.words();
    if WATERMARK_LENGTH_MAX < text.chars().count() {
        let reason = format!("a <watermark> has at most {WATERMARK_LENGTH_MAX} characters");
        return Err(TemplateError { line, reason });
    }
    Ok((!text.trim().is_empty()).then_some(Watermark { text, colour }))
}

fn blocks(parent: Element, style: Style, place: Place<'_>) -> Result<Vec<Block>, TemplateError> {
    parent.elements()?.into_iter().map(|element| block(element, style, place)).collect()
}

fn block(mut element: Element, style: Style, place: Place<'_>) -> Result<Block, TemplateError> {
    match element.name.as_str() {
        "text" => {
            let style = styled(&mut element, style)?;
            element.check_done()?;
            Ok(Block::Text(text(element, style, place)?))
        }
        "space" => {
            let height = length(&mut element, "height")?.unwrap_or(style.size);
            empty(element).map(|()| Block::Space(height))
        }
        "rule" => {
            let height = length(&mut element, "height")?.unwrap_or(0.5);
            let colour = colour(&mut element, "colour")?.unwrap_or(RULE);
            empty(element).map(|()| Block::Rule { height, colour })
        }
        "image" => image(element, style, place),
        "columns" => columns(element, style, place),
        "panel" => {
            let style = styled(&mut element, style)?;
            let fill = colour(&mut element, "fill")?.unwrap_or(SHADE);
            let padding = length(&mut element, "padding")?.unwrap_or(10.0);
            element.check_done()?;
            Ok(Block::Panel { fill, padding, blocks: blocks(element, style, place)? })
        }
        "keep" => {
            let style = styled(&mut element, style)?;
            let previous = flag(&mut element, "previous")?.unwrap_or(false);
            element.check_done()?;
            Ok(Block::Keep { previous, blocks: blocks(element, style, place)? })
        }
        "table" => table(element, style, place).map(Block::Table),
        _ => Err(element.wrong(
            "there is no such element here; there are text, space, rule, image, columns, panel, keep and table",
        )),
    }
}

/// In its own proportions, within what is said of its width and its height.
fn image(mut element: Element, style: Style, place: Place<'_>) -> Result<Block, TemplateError> {
    let Some(name) = element.take("name") else {
        return Err(element.wrong("the name of one of the form's pictures is needed"));
    };
    let Some(picture) = place.pictures.get(&name) else {
        return Err(element.wrong(format!("the form has no picture {name:?}")));
    };
    let (width, height) = (length(&mut element, "width")?, length(&mut element, "height")?);
    let align = element.take_as("align", align, "left, center or right")?.unwrap_or(style.align);
    let size = picture.size_within(width, height);
    let Some(size) = size else {
        return Err(element.wrong("its width or its height is needed, of a point at least"));
    };
    empty(element).map(|()| Block::Image { picture: picture.clone(), size, align })
}

fn columns(mut element: Element, style: Style, place: Place<'_>) -> Result<Block, TemplateError> {
    let style = styled(&mut element, style)?;
    let widths = widths(&mut element)?;
    let gap = length(&mut element, "gap")?.unwrap_or(24.0);
    element.check_done()?;
    let line = element.line;
    let mut columns = Vec::new();
    for mut column in element.elements()? {
        if column.name != "column" {
            return Err(column.wrong("<columns> consists of <column>"));
        }
        let style = styled(&mut column, style)?;
        column.check_done()?;
        columns.push(blocks(column, style, place)?);
    }
    let widths = widths.unwrap_or_else(|| vec![Width::Share(1.0); columns.len()]);
    if widths.len() != columns.len() {
        let reason = format!("<columns> has {} widths for {} columns", widths.len(), columns.len());
        return Err(TemplateError { line, reason });
    }
    if widths.contains(&Width::Auto) {
        let reason = "the widths of <columns> are lengths or shares; auto is for tables".to_owned();
        return Err(TemplateError { line, reason });
    }
    Ok(Block::Columns { widths, gap, columns })
}

fn table(mut element: Element, style: Style, place: Place<'_>) -> Result<Table, TemplateError> {
    let style = styled(&mut element, style)?;
    let Some(widths) = widths(&mut element)? else {
        return Err(element.wrong("the widths of its columns are needed"));
    };
    let aligns = element.take_as("aligns", aligns, "left, center or right for each column")?;
    let aligns = aligns.unwrap_or_else(|| vec![style.align; widths.len()]);
    if aligns.len() != widths.len() {
        return Err(element.wrong(format!("{} widths and {} aligns", widths.len(), aligns.len())));
    }
    let gap = length(&mut element, "gap")?.unwrap_or(10.0);
    let padding = length(&mut element, "padding")?.unwrap_or(3.5);
    let mut table = Table { widths, gap, padding, head: None, rows: Vec::new() };
    element.check_done()?;
    for row_element in element.elements()? {
        match row_element.name.as_str() {
            "head" if table.head.is_none() && table.rows.is_empty() => {
                table.head = Some(row(row_element, Style { bold: true, ..style }, &aligns, place)?);
            }
            "row" => table.rows.push(row(row_element, style, &aligns, place)?),
            _ => return Err(row_element.wrong("a <table> consists of one <head> and of <row>")),
        }
    }
    Ok(table)
}

fn row(mut element: Element, style: Style, aligns: &[Align], place: Place<'_>) -> Result<Row, TemplateError> {
    let style = styled(&mut element, style)?;
    let fill = colour(&mut element, "fill")?;
    let is_head = element.name == "head";
    let thickness = length(&mut element, "line")?.unwrap_or(if is_head { 1.0 } else { 0.5 });
    let line_colour = colour(&mut element, "line-colour")?.unwrap_or(if is_head { INK } else { RULE });
    let keep = flag(&mut element, "keep")?.unwrap_or(false);
    element.check_done()?;
    let (line, name) = (element.line, element.name.clone());
    let mut cells = Vec::new();
    let mut column = 0;
    for mut cell in element.elements()? {
        if cell.name != "cell" {
            return Err(cell.wrong("a row consists of <cell>"));
        }
        let align = aligns.get(column).copied().unwrap_or(style.align);
        let style = styled(&mut cell, Style { align, ..style })?;
        let span = cell.take_as("span", within(1, COLUMNS_MAX), "a number of columns")?.unwrap_or(1);
        cell.check_done()?;
        column += span;
        cells.push(Cell { span, text: text(cell, style, place)? });
    }
    if column != aligns.len() {
        let reason = format!("<{name}> has cells for {column} of {} columns", aligns.len());
        return Err(TemplateError { line, reason });
    }
    let line = (thickness > 0.0).then_some((thickness, line_colour));
    Ok(Row { fill, line, keep, cells })
}

fn text(element: Element, style: Style, place: Place<'_>) -> Result<Text, TemplateError> {
    let mut pieces = Vec::new();
    for child in element.children {
        match child {
            Node::Text(words) => pieces.push(Piece::Words(words)),
            Node::Element(inner) => {
                let piece = match inner.name.as_str() {
                    "br" => Piece::Break,
                    "page" if place.is_margin => Piece::Page,
                    "pages" if place.is_margin => Piece::Pages,
                    "page" | "pages" => return Err(inner.wrong("stands in the header and the footer only")),
                    _ => return Err(inner.wrong("in a text there are only br, page and pages")),
                };
                empty(inner)?;
                pieces.push(piece);
            }
        }
    }
    Ok(Text { style, pieces })
}

impl Text {
    /// Without what is only known on a page.
    fn words(&self) -> String {
        let words = self.pieces.iter().map(|piece| match piece {
            Piece::Words(words) => words.as_str(),
            Piece::Break | Piece::Page | Piece::Pages => " ",
        });
        words.collect::<String>().trim().to_owned()
    }
}

fn empty(element: Element) -> Result<(), TemplateError> {
    element.check_done()?;
    match element.children.is_empty() {
        true => Ok(()),
        false => Err(element.wrong("has nothing in it")),
    }
}

/// The style around the element with what the element says of its own.
fn styled(element: &mut Element, style: Style) -> Result<Style, TemplateError> {
    let size = element.take_as("size", within(4.0, 200.0), "a font size of 4 to 200 points")?;
    let bold = element.take_as("weight", weight, "normal or bold")?;
    let align = element.take_as("align", align, "left, center or right")?;
    Ok(Style {
        size: size.unwrap_or(style.size),
        bold: bold.unwrap_or(style.bold),
        colour: colour(element, "colour")?.unwrap_or(style.colour),
        align: align.unwrap_or(style.align),
    })
}

fn length(element: &mut Element, name: &str) -> Result<Option<f32>, TemplateError> {
    element.take_as(name, within(0.0, LENGTH_MAX), "a length in points")
}

fn colour(element: &mut Element, name: &str) -> Result<Option<Colour>, TemplateError> {
    element.take_as(name, hex, "a colour like #1A1F2B")
}

fn flag(element: &mut Element, name: &str) -> Result<Option<bool>, TemplateError> {
    let parse = |text: &str| match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    element.take_as(name, parse, "yes or no")
}

fn widths(element: &mut Element) -> Result<Option<Vec<Width>>, TemplateError> {
    let parse = |text: &str| {
        let widths: Option<Vec<_>> = text.split_whitespace().map(width).collect();
        widths.filter(|widths| (1..=COLUMNS_MAX).contains(&widths.len()))
    };
    element.take_as("widths", parse, "a list of up to 24 of auto, *, 2* or a length")
}

fn width(text: &str) -> Option<Width> {
    match text.strip_suffix('*') {
        _ if text == "auto" => Some(Width::Auto),
        Some("") => Some(Width::Share(1.0)),
        Some(weight) => within(0.1, 100.0)(weight).map(Width::Share),
        None => within(1.0, LENGTH_MAX)(text).map(Width::Points),
    }
}

fn aligns(text: &str) -> Option<Vec<Align>> {
    text.split_whitespace().map(align).collect()
}

fn align(text: &str) -> Option<Align> {
    match text {
        "left" => Some(Align::Left),
        "center" => Some(Align::Center),
        "right" => Some(Align::Right),
        _ => None,
    }
}

fn weight(text: &str) -> Option<bool> {
    match text {
        "normal" => Some(false),
        "bold" => Some(true),
        _ => None,
    }
}

fn paper(text: &str) -> Option<(f32, f32)> {
    match text {
        "A4" => Some(A4),
        "A4 landscape" => Some((A4.1, A4.0)),
        "letter" => Some(LETTER),
        "letter landscape" => Some((LETTER.1, LETTER.0)),
        _ => None,
    }
}

fn margin(text: &str) -> Option<Margin> {
    let lengths: Option<Vec<f32>> = text.split_whitespace().map(|part| within(0.0, 200.0)(part)).collect();
    match *lengths?.as_slice() {
        [all] => Some(Margin { top: all, right: all, bottom: all, left: all }),
        [top, right, bottom, left] => Some(Margin { top, right, bottom, left }),
        _ => None,
    }
}

fn hex(text: &str) -> Option<Colour> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}
