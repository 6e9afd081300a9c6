//! What a document consists of before it is laid out: the elements of the page language, as types. How
//! they are written is told in the crate's README; [`crate::read`] reads them.

use crate::picture::Picture;

/// Lengths are in points.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) title: String,
    pub(crate) language: String,
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) margin: Margin,
    pub(crate) watermark: Option<Watermark>,
    pub(crate) header: Vec<Block>,
    /// Whether the header stands on the first page too.
    pub(crate) header_first: bool,
    pub(crate) footer: Vec<Block>,
    pub(crate) body: Vec<Block>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Margin {
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
    pub(crate) left: f32,
}

#[derive(Debug)]
pub(crate) struct Watermark {
    pub(crate) text: String,
    pub(crate) colour: Colour,
}

pub(crate) type Colour = [u8; 3];

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Align {
    Left,
    Center,
    Right,
}

/// How text looks; what an element does not say is as in the element around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) colour: Colour,
    pub(crate) align: Align,
}

#[derive(Debug)]
pub(crate) enum Block {
    Text(Text),
    Space(f32),
    Rule {
        height: f32,
        colour: Colour,
    },
    /// As wide and high as this, or less where there is no room.
    Image {
        picture: Picture,
        size: (f32, f32),
        align: Align,
    },
    Columns {
        widths: Vec<Width>,
        gap: f32,
        columns: Vec<Vec<Self>>,
    },
    Panel {
        fill: Colour,
        padding: f32,
        blocks: Vec<Self>,
    },
    Keep {
        previous: bool,
        blocks: Vec<Self>,
    },
    Table(Table),
}

#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) style: Style,
    pub(crate) pieces: Vec<Piece>,
}

#[derive(Debug)]
pub(crate) enum Piece {
    Words(String),
    Break,
    /// The number of the page, from one.
    Page,
    /// How many pages there are.
    Pages,
}

/// Of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Width {
    /// As the widest text in it needs.
    Auto,
    Points(f32),
    /// Of what the others leave, by weight.
    Share(f32),
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) widths: Vec<Width>,
    pub(crate) gap: f32,
    /// Above the text of a row, and again below it.
    pub(crate) padding: f32,
    /// Again at the head of each page that the table goes on.
    pub(crate) head: Option<Row>,
    pub(crate) rows: Vec<Row>,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) fill: Option<Colour>,
    /// Below it.
    pub(crate) line: Option<(f32, Colour)>,
    /// On the page of the row after it.
    pub(crate) keep: bool,
    pub(crate) cells: Vec<Cell>,
}

#[derive(Debug)]
pub(crate) struct Cell {
    /// How many columns it takes.
    pub(crate) span: usize,
    pub(crate) text: Text,
}
