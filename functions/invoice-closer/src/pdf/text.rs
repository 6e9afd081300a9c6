//! Measuring, wrapping and drawing text in the two embedded fonts.
//!
//! Characters are set one after the other from left to right, which is right for Latin, Cyrillic and
//! Greek. Scripts that are not set so, and characters that the fonts do not have, show as U+FFFD; it is
//! not a layout engine for them.
#![allow(clippy::float_arithmetic, reason = "places on paper; money is text before it comes here")]

use krilla::geom::Point;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

use super::PdfError;

/// DejaVu Sans Condensed 2.37; `fonts/LICENSE` is theirs.
static REGULAR: &[u8] = include_bytes!("../../fonts/DejaVuSansCondensed.ttf");
static BOLD: &[u8] = include_bytes!("../../fonts/DejaVuSansCondensed-Bold.ttf");

const ELLIPSIS: &str = "…";

pub(super) struct Fonts {
    pub(super) regular: Face,
    pub(super) bold: Face,
}

impl Fonts {
    pub(super) fn load() -> Result<Self, PdfError> {
        Ok(Self { regular: Face::load(REGULAR)?, bold: Face::load(BOLD)? })
    }
}

/// One font: krilla's to embed, and its tables to measure with.
pub(super) struct Face {
    font: Font,
    characters: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
}

impl Face {
    fn load(data: &'static [u8]) -> Result<Self, PdfError> {
        let font = Font::new(data.into(), 0).ok_or(PdfError::Font)?;
        let tables = FontRef::new(data).map_err(|_| PdfError::Font)?;
        let metrics = tables.glyph_metrics(Size::unscaled(), LocationRef::default());
        Ok(Self { font, characters: tables.charmap(), metrics })
    }

    /// This face in a size, in points.
    pub(super) fn at(&self, size: f32) -> Style<'_> {
        Style { face: self, size }
    }

    fn glyph(&self, character: char) -> skrifa::GlyphId {
        self.characters.map(character).unwrap_or_default()
    }

    fn shown(&self, character: char) -> char {
        if is_left_to_right(character) && self.glyph(character) != skrifa::GlyphId::NOTDEF {
            character
        } else {
            char::REPLACEMENT_CHARACTER
        }
    }

    /// The advance of a glyph as a part of the font size.
    fn advance(&self, glyph: skrifa::GlyphId) -> f32 {
        self.metrics.advance_width(glyph).unwrap_or_default() / self.font.units_per_em()
    }
}

/// Not a control, nor an invisible mark that turns or joins text, nor of a script written from the right.
fn is_left_to_right(character: char) -> bool {
    let right_to_left = matches!(character,
        '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}');
    let invisible = matches!(character,
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    !(right_to_left || invisible || character.is_control())
}

/// A face in a size.
#[derive(Clone, Copy)]
pub(super) struct Style<'f> {
    face: &'f Face,
    pub(super) size: f32,
}

impl Style<'_> {
    /// From baseline to baseline.
    pub(super) fn line_height(&self) -> f32 {
        self.size * 1.3
    }

    pub(super) fn width(&self, text: &str) -> f32 {
        let advance = |character| self.face.advance(self.face.glyph(self.face.shown(character)));
        text.chars().map(advance).sum::<f32>() * self.size
    }

    /// Lines no wider than `width`, broken at blanks or, in a word that is too long, anywhere. What does
    /// not fit on `lines_max` lines is left out, and an ellipsis says so.
    pub(super) fn wrapped(&self, text: &str, width: f32, lines_max: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for piece in text.split_whitespace().flat_map(|word| self.pieces(word, width)) {
            let joined = lines.last().map(|line| format!("{line} {piece}"));
            match (lines.last_mut(), joined) {
                (Some(line), Some(joined)) if self.width(&joined) <= width => *line = joined,
                _ => lines.push(piece),
            }
        }
        if lines.len() > lines_max {
            lines.truncate(lines_max);
            if let Some(last) = lines.last_mut() {
                *last = self.with_ellipsis(last, width);
            }
        }
        lines
    }

    /// One line no wider than `width`.
    pub(super) fn cut(&self, text: &str, width: f32) -> String {
        self.wrapped(text, width, 1).pop().unwrap_or_default()
    }

    /// A word in parts that fit; all but the last fill the width.
    fn pieces(&self, word: &str, width: f32) -> Vec<String> {
        let mut pieces = vec![String::new()];
        let mut used = 0.0;
        for character in word.chars() {
            let advance = self.width(character.encode_utf8(&mut [0; 4]));
            if used + advance > width && used > 0.0 {
                pieces.push(String::new());
                used = 0.0;
            }
            if let Some(piece) = pieces.last_mut() {
                piece.push(character);
            }
            used += advance;
        }
        pieces
    }

    fn with_ellipsis(&self, text: &str, width: f32) -> String {
        let mut kept = text.to_owned();
        while self.width(&kept) + self.width(ELLIPSIS) > width && kept.pop().is_some() {}
        kept.truncate(kept.trim_end().len());
        kept + ELLIPSIS
    }

    /// Draws with the surface's fill, from `start` on the baseline.
    pub(super) fn draw(&self, surface: &mut Surface<'_>, start: Point, text: &str) {
        let text: String = text.chars().map(|character| self.face.shown(character)).collect();
        let glyphs: Vec<_> = text.char_indices().map(|(at, character)| self.placed(at, character)).collect();
        surface.draw_glyphs(start, &glyphs, self.face.font.clone(), &text, self.size, false);
    }

    fn placed(&self, at: usize, character: char) -> KrillaGlyph {
        let glyph = self.face.glyph(character);
        let advance = self.face.advance(glyph);
        let id = GlyphId::new(glyph.to_u32());
        KrillaGlyph::new(id, advance, 0.0, 0.0, 0.0, at..at + character.len_utf8(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = [
        "Παναγιώτης & Υιοί Ανώνυμη Εταιρεία Τηλεπικοινωνιών",
        "Акционерное общество «Северо-Западная телекоммуникационная компания»",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH",
        "שלום 株式会社",
        "",
    ];

    #[test]
    fn no_line_is_wider_than_its_column() {
        let fonts = Fonts::load().unwrap();
        for (name, width) in NAMES.iter().flat_map(|name| [30.0, 100.0, 243.0].map(|width| (name, width))) {
            let style = fonts.bold.at(11.0);
            let lines = style.wrapped(name, width, 3);
            assert!(lines.len() <= 3 && lines.iter().all(|line| style.width(line) <= width), "{lines:?}");
        }
    }

    #[test]
    fn wrapping_loses_nothing_that_has_room() {
        let fonts = Fonts::load().unwrap();
        let lines = fonts.regular.at(8.0).wrapped(NAMES[1], 120.0, 9);
        assert!(lines.len() > 1);
        assert_eq!(lines.join(" "), NAMES[1]);
    }

    #[test]
    fn what_has_no_room_ends_in_an_ellipsis() {
        let fonts = Fonts::load().unwrap();
        let style = fonts.regular.at(8.0);
        assert!(style.cut(NAMES[2], 60.0).ends_with('…'));
        assert_eq!(style.cut("short", 60.0), "short");
    }

    #[test]
    fn a_script_that_the_layout_cannot_set_is_shown_as_missing() {
        let fonts = Fonts::load().unwrap();
        let shown = |text: &str| text.chars().map(|each| fonts.regular.shown(each)).collect::<String>();
        assert_eq!(shown("Ωμέγα Ёж Łódź €"), "Ωμέγα Ёж Łódź €");
        assert_eq!(shown("a\u{202E}b שלום 株"), "a\u{FFFD}b \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD} \u{FFFD}");
    }
}
