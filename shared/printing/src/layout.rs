//! Blocks, laid out: what is drawn, and where, from the top left corner of what they stand in.
#![allow(clippy::float_arithmetic, reason = "places on paper; money is text before it comes here")]

use crate::budget::Budget;
use crate::columns;
use crate::fonts::Fonts;
use crate::page::{Align, Block, Cell, Colour, Piece, Row, Style, Table, Text};
use crate::picture::Picture;
use crate::text::{Line, Type};

/// Something to draw.
#[derive(Clone)]
pub(crate) enum Mark {
    Line { x: f32, baseline: f32, colour: Colour, line: Line },
    Rectangle { x: f32, y: f32, width: f32, height: f32, colour: Colour },
    Image { x: f32, y: f32, width: f32, height: f32, picture: Picture },
}

/// Marks, and how much of the page they take.
#[derive(Clone, Default)]
pub(crate) struct Laid {
    pub(crate) height: f32,
    pub(crate) marks: Vec<Mark>,
}

impl Laid {
    /// What drawing it takes of the [`Budget`].
    pub(crate) fn weight(&self) -> usize {
        let weight = |mark: &Mark| match mark {
            Mark::Line { line, .. } => line.weight(),
            Mark::Rectangle { .. } | Mark::Image { .. } => 1,
        };
        self.marks.iter().map(weight).sum()
    }

    pub(crate) fn put(&mut self, x: f32, y: f32, inner: Self) {
        self.marks.extend(inner.marks.into_iter().map(|mark| mark.moved(x, y)));
    }

    /// Below what is there.
    pub(crate) fn append(&mut self, inner: Self) {
        let (top, height) = (self.height, inner.height);
        self.put(0.0, top, inner);
        self.height += height;
    }
}

impl Mark {
    fn moved(mut self, by_x: f32, by_y: f32) -> Self {
        let (own_x, own_y) = match &mut self {
            Self::Line { x, baseline, .. } => (x, baseline),
            Self::Rectangle { x, y, .. } | Self::Image { x, y, .. } => (x, y),
        };
        *own_x += by_x;
        *own_y += by_y;
        self
    }
}

/// Lays out what stands on one page. What the budget has no room for is left out: whoever lays out looks at
/// it in the end.
#[derive(Clone, Copy)]
pub(crate) struct Layout<'a> {
    pub(crate) fonts: &'static Fonts,
    pub(crate) budget: &'a Budget,
    /// The number of the page, from one, and how many there are.
    pub(crate) page: usize,
    pub(crate) pages: usize,
}

impl Layout<'_> {
    /// One below the other.
    pub(crate) fn stack(&self, blocks: &[Block], width: f32) -> Laid {
        let mut stack = Laid::default();
        for block in blocks {
            stack.append(self.block(block, width));
        }
        stack
    }

    pub(crate) fn block(&self, block: &Block, width: f32) -> Laid {
        if !self.budget.take(1) {
            return Laid::default();
        }
        match block {
            Block::Text(text) => self.text(text, text.style.size, width),
            Block::Space(height) => Laid { height: *height, marks: Vec::new() },
            Block::Rule { height, colour } => rectangle(width, *height, *colour),
            Block::Image { picture, size, align } => image(picture, *size, *align, width),
            Block::Columns { widths, gap, columns } => {
                let widths = columns::shares(widths, width - gap * (widths.len() as f32 - 1.0));
                self.side_by_side(&widths, *gap, columns)
            }
            Block::Panel { fill, padding, blocks } => {
                let inner = self.stack(blocks, width - 2.0 * padding);
                let mut panel = rectangle(width, inner.height + 2.0 * padding, *fill);
                panel.put(*padding, *padding, inner);
                panel
            }
            Block::Keep { blocks, .. } => self.stack(blocks, width),
            Block::Table(table) => {
                let (head, rows) = self.table(table, width);
                let mut stack = head.unwrap_or_default();
                rows.into_iter().for_each(|row| stack.append(row));
                stack
            }
        }
    }

    fn side_by_side(&self, widths: &[f32], gap: f32, columns: &[Vec<Block>]) -> Laid {
        let mut laid = Laid::default();
        let mut x = 0.0;
        for (width, blocks) in widths.iter().zip(columns) {
            let column = self.stack(blocks, *width);
            laid.height = laid.height.max(column.height);
            laid.put(x, 0.0, column);
            x += width + gap;
        }
        laid
    }

    /// In `size`, which may be smaller than the style's own.
    fn text(&self, text: &Text, size: f32, width: f32) -> Laid {
        let Style { bold, colour, align, .. } = text.style;
        let face = Type::new(self.fonts, bold, size);
        let mut laid = Laid::default();
        for words in self.lines(text) {
            for words in face.wrapped(&words, width) {
                let line = face.line(&words);
                if !self.budget.take(line.weight()) {
                    return laid;
                }
                let x = begin(align, line.width, width);
                laid.marks.push(Mark::Line { x, baseline: laid.height + size, colour, line });
                laid.height += face.line_height();
            }
        }
        laid
    }

    /// The lines that the template itself breaks the text into.
    fn lines(&self, text: &Text) -> Vec<String> {
        let mut lines = vec![String::new()];
        for piece in &text.pieces {
            let words = match piece {
                Piece::Break => {
                    lines.push(String::new());
                    continue;
                }
                Piece::Words(words) => words.clone(),
                Piece::Page => self.page.to_string(),
                Piece::Pages => self.pages.to_string(),
            };
            if let Some(line) = lines.last_mut() {
                line.push_str(&words);
            }
        }
        lines
    }

    /// The head and the rows. Type becomes smaller where the columns would not fit otherwise.
    pub(crate) fn table(&self, table: &Table, width: f32) -> (Option<Laid>, Vec<Laid>) {
        let room = width - table.gap * (table.widths.len() as f32 - 1.0);
        let measure = |cell: &Cell, scale: f32| self.natural_width(cell, scale);
        let (widths, scale) = columns::of_table(table, room, measure);
        let row = |row| self.row(table, row, &widths, scale, width);
        (table.head.as_ref().map(row), table.rows.iter().map(row).collect())
    }

    fn natural_width(&self, cell: &Cell, scale: f32) -> f32 {
        let face = Type::new(self.fonts, cell.text.style.bold, cell.text.style.size * scale);
        let blank = face.width(" ");
        let width = |line: &String| {
            let words = line.split_whitespace().map(|word| face.width(word) + blank);
            (words.sum::<f32>() - blank).max(0.0)
        };
        self.lines(&cell.text).iter().map(width).fold(0.0, f32::max)
    }

    fn row(&self, table: &Table, row: &Row, widths: &[f32], scale: f32, width: f32) -> Laid {
        let mut cells = Laid::default();
        let (mut x, mut column) = (0.0, 0);
        for cell in &row.cells {
            if !self.budget.take(1) {
                break;
            }
            let taken = &widths[column..column + cell.span];
            let cell_width = taken.iter().sum::<f32>() + table.gap * (cell.span as f32 - 1.0);
            // A little more, so that a text that is as wide as its column is not broken by a rounding.
            let text = self.text(&cell.text, cell.text.style.size * scale, cell_width + 0.01);
            cells.height = cells.height.max(text.height);
            cells.put(x, 0.0, text);
            x += cell_width + table.gap;
            column += cell.span;
        }
        let height = cells.height + 2.0 * table.padding;
        let mut laid = row.fill.map_or_else(Laid::default, |fill| rectangle(width, height, fill));
        laid.put(0.0, table.padding, cells);
        laid.height = height;
        if let Some((thickness, colour)) = row.line {
            laid.put(0.0, height - thickness, rectangle(width, thickness, colour));
        }
        laid
    }
}

/// Where something begins that is so wide.
fn begin(align: Align, width: f32, room: f32) -> f32 {
    match align {
        Align::Left => 0.0,
        Align::Center => (room - width) / 2.0,
        Align::Right => room - width,
    }
}

fn image(picture: &Picture, (width, height): (f32, f32), align: Align, room: f32) -> Laid {
    let scale = (room / width).clamp(0.0, 1.0);
    let (width, height) = (width * scale, height * scale);
    let x = begin(align, width, room);
    Laid { height, marks: vec![Mark::Image { x, y: 0.0, width, height, picture: picture.clone() }] }
}

fn rectangle(width: f32, height: f32, colour: Colour) -> Laid {
    Laid { height, marks: vec![Mark::Rectangle { x: 0.0, y: 0.0, width, height, colour }] }
}
