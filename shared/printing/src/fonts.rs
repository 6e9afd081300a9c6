//! The embedded fonts, and which of them sets a character.
#![allow(clippy::float_arithmetic, reason = "places on paper; money is text before it comes here")]

use std::sync::LazyLock;

use harfrust::Font as Tables;
use krilla::text::Font;

use crate::PrintError;

/// DejaVu Sans Condensed 2.37: Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew. `fonts/LICENSE` is theirs.
static DEJAVU: &[u8] = include_bytes!("../fonts/DejaVuSansCondensed.ttf");
static DEJAVU_BOLD: &[u8] = include_bytes!("../fonts/DejaVuSansCondensed-Bold.ttf");
/// Noto, under `fonts/LICENSE-OFL`.
static ARABIC: &[u8] = include_bytes!("../fonts/NotoSansArabic-Regular.ttf");
static ARABIC_BOLD: &[u8] = include_bytes!("../fonts/NotoSansArabic-Bold.ttf");
static DEVANAGARI: &[u8] = include_bytes!("../fonts/NotoSansDevanagari-Regular.ttf");
static DEVANAGARI_BOLD: &[u8] = include_bytes!("../fonts/NotoSansDevanagari-Bold.ttf");

static FONTS: LazyLock<Option<Fonts>> = LazyLock::new(|| {
    let regular = Family::load([DEJAVU, ARABIC, DEVANAGARI])?;
    Some(Fonts { regular, bold: Family::load([DEJAVU_BOLD, ARABIC_BOLD, DEVANAGARI_BOLD])? })
});

/// Characters up to here are looked up once: those of Latin, Greek and Cyrillic.
const KNOWN: usize = 0x530;

pub(crate) struct Fonts {
    pub(crate) regular: Family,
    pub(crate) bold: Family,
}

impl Fonts {
    pub(crate) fn get() -> Result<&'static Self, PrintError> {
        FONTS.as_ref().ok_or(PrintError::Font)
    }
}

/// A main face, and one for each script that it cannot set.
pub(crate) struct Family {
    pub(crate) main: Face,
    arabic: Face,
    devanagari: Face,
}

impl Family {
    fn load([main, arabic, devanagari]: [&'static [u8]; 3]) -> Option<Self> {
        let face = Face::load;
        Some(Self { main: face(main)?, arabic: face(arabic)?, devanagari: face(devanagari)? })
    }

    /// The face of the character's script, if that one has it.
    pub(crate) fn face_of(&self, character: char) -> Option<&Face> {
        let face = match character {
            '\u{0600}'..='\u{06FF}' | '\u{0750}'..='\u{077F}' | '\u{08A0}'..='\u{08FF}' => &self.arabic,
            '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}' => &self.arabic,
            '\u{0900}'..='\u{097F}' | '\u{1CD0}'..='\u{1CFF}' | '\u{A8E0}'..='\u{A8FF}' => &self.devanagari,
            _ => &self.main,
        };
        face.glyph(character).map(|_| face)
    }
}

/// One font: krilla's to embed, and its tables to shape with.
pub(crate) struct Face {
    pub(crate) font: Font,
    pub(crate) tables: Tables,
    known: Vec<Option<Glyph>>,
}

/// Its number in the font, and its advance as a part of the font size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glyph {
    pub(crate) id: u32,
    pub(crate) advance: f32,
}

impl Face {
    fn load(data: &'static [u8]) -> Option<Self> {
        let mut face =
            Self { font: Font::new(data.into(), 0)?, tables: Tables::new(data, 0)?, known: Vec::new() };
        face.known =
            (0..KNOWN).map(|code| face.look_up(char::from_u32(u32::try_from(code).ok()?)?)).collect();
        Some(face)
    }

    /// None where the font has no such character.
    pub(crate) fn glyph(&self, character: char) -> Option<Glyph> {
        match self.known.get(character as usize) {
            Some(known) => *known,
            None => self.look_up(character),
        }
    }

    fn look_up(&self, character: char) -> Option<Glyph> {
        let id = self.tables.charmap().map_unicode(character)?;
        let advance = self.tables.glyph_metrics().h_advance(id);
        (id.to_u32() != 0).then(|| Glyph { id: id.to_u32(), advance: advance / self.units_per_em() })
    }

    pub(crate) fn units_per_em(&self) -> f32 {
        f32::from(self.tables.units_per_em())
    }
}
