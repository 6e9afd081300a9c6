//! The fields of a receipt's text, wherever they stand and however they are spelt.
//!
//! Octets are searched, not characters: what follows `text:` is in any alphabet. When nothing is
//! found, the octets are read as UCS-2 and as packed septets, since `data_coding` cannot be
//! trusted: there are receipts that say UCS-2 and are ASCII.

use crate::coding::gsm7_unpack;
use crate::tlv::latin1_until_nul;
use crate::udh;

/// The fields of a receipt's text that are used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub id: Option<String>,
    /// Empty when the field is there and says nothing.
    pub state: Option<String>,
    pub error: Option<String>,
    pub done_at: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Id,
    Sub,
    Dlvrd,
    SubmitDate,
    DoneDate,
    State,
    Error,
    Text,
}

/// Longer ones first where one begins another. A blank stands for a blank, `_`, `-` or nothing.
const KEYS: [(&[u8], Key); 10] = [
    (b"id", Key::Id),
    (b"submit date", Key::SubmitDate),
    (b"sub", Key::Sub),
    (b"dlvrd", Key::Dlvrd),
    (b"done date", Key::DoneDate),
    (b"status", Key::State),
    (b"stat", Key::State),
    (b"error", Key::Error),
    (b"err", Key::Error),
    (b"text", Key::Text),
];

/// A date with all its separators is not longer.
const DATE_LENGTH_MAX: usize = 32;

impl Text {
    /// Finds the fields in a payload, which may begin with a header, flagged in `esm_class` or not.
    pub fn read(payload: &[u8], esm_class: u8) -> Self {
        let has_header = esm_class & udh::ESM_CLASS_UDHI != 0;
        let octets = match udh::split(payload) {
            Some((_, text)) if has_header => text,
            _ => payload,
        };
        let text = Self::scan(octets);
        if !text.is_empty() {
            return text;
        }
        let decoded = [utf16(octets, 1), utf16(octets, 0), gsm7_unpack(octets)];
        let mut readings = decoded.iter().map(|octets| Self::scan(octets));
        readings.find(|reading| !reading.is_empty()).unwrap_or(text)
    }

    fn is_empty(&self) -> bool {
        self.id.is_none() && self.state.is_none()
    }

    fn scan(octets: &[u8]) -> Self {
        let fields = Fields::find(octets);
        Self {
            id: fields.word(Key::Id),
            state: fields.word(Key::State).or_else(|| fields.has(Key::State).then(String::new)),
            error: fields.word(Key::Error),
            done_at: fields.date(Key::DoneDate),
        }
    }
}

/// The octets of UTF-16 that are Latin-1, with the low octet first (0) or second (1); others become
/// `?`, as they are in no field.
fn utf16(octets: &[u8], low: usize) -> Vec<u8> {
    let (units, _) = octets.as_chunks::<2>();
    units.iter().map(|unit| if unit[1 - low] == 0 { unit[low] } else { b'?' }).collect()
}

/// A key in the octets.
#[derive(Clone, Copy, Debug)]
struct Field {
    key: Key,
    begin: usize,
    /// Where its value begins.
    value: usize,
}

/// All keys in the order in which they stand.
struct Fields<'a> {
    octets: &'a [u8],
    found: Vec<Field>,
    /// Where the message's own text begins, which may contain keys too.
    text_at: usize,
}

impl<'a> Fields<'a> {
    fn find(octets: &'a [u8]) -> Self {
        let mut found: Vec<Field> = Vec::new();
        let mut at = 0;
        while at < octets.len() {
            match field_at(octets, at) {
                Some(field) => {
                    at = field.value;
                    found.push(field);
                }
                None => at += 1,
            }
        }
        let text = found.iter().find(|field| field.key == Key::Text);
        let text_at = text.map_or(octets.len(), |field| field.begin);
        Self { octets, found, text_at }
    }

    /// The fields of a key: those before the message's text first, since some vendors put fields
    /// after it.
    fn of(&self, key: Key) -> impl Iterator<Item = (usize, &'a [u8])> {
        let before = self.values(key, |begin| begin < self.text_at);
        before.chain(self.values(key, |begin| self.text_at <= begin))
    }

    fn values(&self, key: Key, fits: impl Fn(usize) -> bool) -> impl Iterator<Item = (usize, &'a [u8])> {
        let with_end = self.found.iter().enumerate().map(|(index, field)| {
            let end = self.found.get(index + 1).map_or(self.octets.len(), |next| next.begin);
            (*field, end)
        });
        let fitting = with_end.filter(move |(field, _)| field.key == key && fits(field.begin));
        fitting.map(|(field, end)| (field.begin, self.octets[field.value..end].trim_ascii()))
    }

    fn has(&self, key: Key) -> bool {
        self.found.iter().any(|field| field.key == key && field.begin < self.text_at)
    }

    /// The first word of the first field of this key that says anything.
    fn word(&self, key: Key) -> Option<String> {
        self.of(key).find_map(|(_, value)| word(value))
    }

    /// A date, blanks in it included.
    fn date(&self, key: Key) -> Option<String> {
        self.of(key).find_map(|(_, value)| {
            let is_date = |octet: &u8| octet.is_ascii_digit() || b"-/:.+T ".contains(octet);
            let length = value.iter().position(|octet| !is_date(octet)).unwrap_or(value.len());
            let date = value[..length].trim_ascii();
            if date.is_empty() || DATE_LENGTH_MAX < date.len() {
                return word(value);
            }
            Some(latin1_until_nul(date))
        })
    }
}

/// The key that begins here, if one does: after something that is no letter or digit. All but `id`
/// may also stand right behind the value before them.
fn field_at(octets: &[u8], at: usize) -> Option<Field> {
    // Most octets begin no key.
    if !b"isdet".contains(&octets[at].to_ascii_lowercase()) {
        return None;
    }
    let is_glued = 0 < at && octets[at - 1].is_ascii_alphanumeric();
    KEYS.iter().find_map(|(name, key)| {
        if is_glued && *key == Key::Id {
            return None;
        }
        let behind = at + matched(&octets[at..], name)?;
        let blanks = octets[behind..].iter().take_while(|octet| **octet == b' ').count();
        let sign = octets.get(behind + blanks)?;
        matches!(sign, b':' | b'=').then_some(Field { key: *key, begin: at, value: behind + blanks + 1 })
    })
}

/// How many octets a key takes here.
fn matched(octets: &[u8], name: &[u8]) -> Option<usize> {
    let mut at = 0;
    for expected in name {
        let here = octets.get(at).copied();
        if *expected == b' ' {
            at += usize::from(here.is_some_and(|octet| b" _-".contains(&octet)));
        } else if here?.to_ascii_lowercase() == *expected {
            at += 1;
        } else {
            return None;
        }
    }
    Some(at)
}

/// The first word of a value, if it has one.
fn word(value: &[u8]) -> Option<String> {
    let ends = |octet: &u8| octet.is_ascii_whitespace() || matches!(octet, b',' | b';' | b'|' | b'"');
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    let length = value.iter().position(ends).unwrap_or(value.len());
    let word = latin1_until_nul(&value[..length]);
    (!word.is_empty()).then_some(word)
}
