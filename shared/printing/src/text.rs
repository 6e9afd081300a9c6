//! Measuring, wrapping and drawing text, in every script that the embedded fonts have.
//!
//! A line is put in the order it is read from left to right (Unicode Standard Annex 9), cut where the font
//! changes, and shaped: Arabic letters join, Devanagari signs stack. Latin, Greek and Cyrillic need none of
//! that, and most lines have nothing else. A character that no font has shows as U+FFFD.
#![allow(clippy::float_arithmetic, reason = "places on paper; money is text before it comes here")]

use std::borrow::Cow;

use harfrust::{Buffer, BufferFlags, Direction, ShapeOptions, ShaperFont, shape};
use krilla::geom::Point;
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};
use unicode_bidi::{BidiInfo, Level};

use crate::fonts::{Face, Family, Fonts};

/// A family in a size, in points.
#[derive(Clone, Copy)]
pub(crate) struct Type {
    family: &'static Family,
    pub(crate) size: f32,
}

/// A line of text, ready to be drawn.
#[derive(Clone)]
pub(crate) struct Line {
    runs: Vec<Run>,
    /// In points.
    pub(crate) width: f32,
    size: f32,
}

/// Glyphs of one font, from left to right.
#[derive(Clone)]
struct Run {
    face: &'static Face,
    text: String,
    glyphs: Vec<KrillaGlyph>,
}

impl Type {
    pub(crate) fn new(fonts: &'static Fonts, bold: bool, size: f32) -> Self {
        Self { family: if bold { &fonts.bold } else { &fonts.regular }, size }
    }

    /// From baseline to baseline.
    pub(crate) fn line_height(&self) -> f32 {
        self.size * 1.3
    }

    /// In points.
    pub(crate) fn width(&self, text: &str) -> f32 {
        match self.plain_width(text) {
            Some(width) => width,
            None => self.line(text).width,
        }
    }

    /// Of text that needs no shaping; each character stands for itself.
    fn plain_width(&self, text: &str) -> Option<f32> {
        let mut width = 0.0;
        for character in text.chars() {
            if !is_plain(character) {
                return None;
            }
            width += self.family.main.glyph(character)?.advance;
        }
        Some(width * self.size)
    }

    /// Lines no wider than `width`, broken at blanks or, in a word that is too long, anywhere.
    pub(crate) fn wrapped(&self, text: &str, width: f32) -> Vec<String> {
        let blank = self.width(" ");
        let mut lines: Vec<String> = Vec::new();
        let mut used = 0.0;
        for piece in text.split([' ', '\n', '\t', '\r']).filter(|word| !word.is_empty()) {
            for piece in self.pieces(piece, width) {
                let piece_width = self.width(&piece);
                match lines.last_mut() {
                    Some(line) if used + blank + piece_width <= width => {
                        line.push(' ');
                        line.push_str(&piece);
                        used += blank + piece_width;
                    }
                    _ => {
                        lines.push(piece.into_owned());
                        used = piece_width;
                    }
                }
            }
        }
        lines
    }

    /// A word in parts that fit; all but the last fill the width.
    fn pieces<'t>(&self, word: &'t str, width: f32) -> Vec<Cow<'t, str>> {
        if self.width(word) <= width {
            return vec![Cow::Borrowed(word)];
        }
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
        pieces.into_iter().map(Cow::Owned).collect()
    }

    pub(crate) fn line(&self, text: &str) -> Line {
        let text = self.shown(text);
        let runs = if text.chars().any(is_right_to_left) {
            self.runs_in_order(&text)
        } else {
            self.runs_of(&text, Direction::LeftToRight)
        };
        let advances = runs.iter().flat_map(|run| &run.glyphs).map(|glyph| glyph.x_advance);
        let width = advances.sum::<f32>() * self.size;
        Line { runs, width, size: self.size }
    }

    /// The text with what no font has, or what would turn its order around, as U+FFFD.
    fn shown<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let is_shown = |character: char| is_joiner(character) || self.has(character);
        if text.chars().all(is_shown) {
            return Cow::Borrowed(text);
        }
        let shown = |character| if is_shown(character) { character } else { char::REPLACEMENT_CHARACTER };
        Cow::Owned(text.chars().map(shown).collect())
    }

    fn has(&self, character: char) -> bool {
        !character.is_control() && !is_invisible(character) && self.family.face_of(character).is_some()
    }

    /// Text with words from right to left, by the order it is read in.
    fn runs_in_order(&self, text: &str) -> Vec<Run> {
        let bidi = BidiInfo::new(text, None);
        let mut runs = Vec::new();
        for paragraph in &bidi.paragraphs {
            let (levels, places) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for place in places {
                let turned = levels.get(place.start).is_some_and(Level::is_rtl);
                let direction = if turned { Direction::RightToLeft } else { Direction::LeftToRight };
                let mut part = self.runs_of(&text[place], direction);
                if turned {
                    part.reverse();
                }
                runs.append(&mut part);
            }
        }
        runs
    }

    /// A run for each stretch of one font, in the order of the text.
    fn runs_of(&self, text: &str, direction: Direction) -> Vec<Run> {
        let mut stretches: Vec<(&'static Face, String)> = Vec::new();
        for character in text.chars() {
            let face = self.family.face_of(character);
            match (stretches.last_mut(), face) {
                // Blanks and joiners belong to what they stand in.
                (Some((_, stretch)), _) if character == ' ' || is_joiner(character) => {
                    stretch.push(character)
                }
                (Some((last, stretch)), Some(face)) if std::ptr::eq(*last, face) => stretch.push(character),
                (_, face) => stretches.push((face.unwrap_or(&self.family.main), character.to_string())),
            }
        }
        stretches.into_iter().map(|(face, text)| self.run(face, text, direction)).collect()
    }

    fn run(&self, face: &'static Face, text: String, direction: Direction) -> Run {
        let is_plain = direction == Direction::LeftToRight && text.chars().all(is_plain);
        let glyphs = if is_plain { None } else { shaped(face, &text, direction) };
        match glyphs {
            Some(glyphs) => Run { face, text, glyphs },
            None => one_by_one(&self.family.main, &text),
        }
    }
}

impl Line {
    /// What drawing it takes: each letter, and the line itself.
    pub(crate) fn weight(&self) -> usize {
        1 + self.runs.iter().map(|run| run.glyphs.len()).sum::<usize>()
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }

    /// Draws with the surface's fill, from `start` on the baseline.
    pub(crate) fn draw(&self, surface: &mut Surface<'_>, start: Point) {
        let mut x = start.x;
        for run in &self.runs {
            let font = run.face.font.clone();
            surface.draw_glyphs(Point::from_xy(x, start.y), &run.glyphs, font, &run.text, self.size, false);
            x += run.glyphs.iter().map(|glyph| glyph.x_advance).sum::<f32>() * self.size;
        }
    }
}

/// Of scripts whose characters stand one after the other, each by its own glyph.
fn is_plain(character: char) -> bool {
    let plain =
        |part: char| matches!(part, '\u{20}'..='\u{2FF}' | '\u{370}'..='\u{482}' | '\u{48A}'..='\u{58F}');
    let other = matches!(character, '\u{1E00}'..='\u{1FFF}' | '\u{2010}'..='\u{2027}' | '\u{202F}'..='\u{205E}'
        | '\u{2070}'..='\u{20CF}' | '\u{2100}'..='\u{27FF}' | '\u{10A0}'..='\u{10FF}' | '\u{FFFD}');
    plain(character) || other
}

fn is_right_to_left(character: char) -> bool {
    matches!(character, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}')
}

/// Marks that turn or hide text: a name with them would look like another one.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
        | '\u{061C}' | '\u{AD}')
}

/// Persian and Hindi words need them.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}')
}

/// Each character by its own glyph.
fn one_by_one(face: &'static Face, text: &str) -> Run {
    let shown = |character| face.glyph(character).map_or(char::REPLACEMENT_CHARACTER, |_| character);
    let text: String = text.chars().filter(|character| !is_joiner(*character)).map(shown).collect();
    let glyphs = text.char_indices().map(|(at, character)| placed(face, at, character)).collect();
    Run { face, text, glyphs }
}

fn placed(face: &Face, at: usize, character: char) -> KrillaGlyph {
    let (id, advance) = face.glyph(character).map_or((0, 0.0), |glyph| (glyph.id, glyph.advance));
    KrillaGlyph::new(GlyphId::new(id), advance, 0.0, 0.0, 0.0, at..at + character.len_utf8(), None)
}

/// The glyphs from left to right; none if the font cannot set the text after all.
fn shaped(face: &Face, text: &str, direction: Direction) -> Option<Vec<KrillaGlyph>> {
    let mut buffer = Buffer::new();
    buffer.push_str(text);
    buffer.set_direction(direction);
    buffer.set_flags(BufferFlags::REMOVE_DEFAULT_IGNORABLES);
    buffer.guess_segment_properties();
    shape(&ShaperFont::new(&face.tables), &mut buffer, ShapeOptions::new()).ok()?;
    let infos = buffer.glyph_infos();
    let mut starts: Vec<usize> = infos.iter().map(|info| info.cluster as usize).collect();
    starts.push(text.len());
    starts.sort_unstable();
    let part = |units: i32| units as f32 / face.units_per_em();
    let glyph = |(info, place): (&harfrust::GlyphInfo, &harfrust::GlyphPosition)| {
        let start = info.cluster as usize;
        let end =
            starts[starts.partition_point(|next| *next <= start)..].first().copied().unwrap_or(text.len());
        let id = GlyphId::new(info.glyph_id);
        let (x, y) = (part(place.x_offset), part(place.y_offset));
        let glyph =
            KrillaGlyph::new(id, part(place.x_advance), x, y, part(place.y_advance), start..end, None);
        (info.glyph_id != 0).then_some(glyph)
    };
    infos.iter().zip(buffer.glyph_positions()).map(glyph).collect()
}
