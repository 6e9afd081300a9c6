//! Cells with mobile country and network codes in the ways that suppliers write them: `26202`, `262002`,
//! `262-02`, `262 02`, `26202, 26203`, `262 02, 03`, `26201-26209`, `262 1-9`, `262 All`.

use crate::dictionary::Dictionary;

/// What a cell names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// Keys of the dictionary, each once.
    Networks(Vec<String>),
    /// All networks, of this MCC if one is named.
    All { mcc: Option<String> },
    /// A code that is not known.
    Unknown,
}

/// Codes that one range may cover.
const RANGE_MAX: u32 = 1_000;

/// What a cell means by this dictionary of operators. A code that it lacks is taken as it is written if
/// `accept_unknown`.
pub fn read(text: &str, operators: &Dictionary, accept_unknown: bool) -> Codes {
    if super::mapping::means_others(text) {
        return Codes::All { mcc: None };
    }
    let Some(tokens) = tokens(text) else {
        return all_of_mcc(text);
    };
    if let [only] = tokens.as_slice()
        && only.digits.len() == 3
    {
        return Codes::All { mcc: Some(only.digits.to_owned()) };
    }
    let reader = Reader { operators, accept_unknown };
    match reader.networks(&tokens) {
        Some(mut keys) if !keys.is_empty() => {
            let mut seen = std::collections::HashSet::new();
            keys.retain(|key| seen.insert(key.clone()));
            Codes::Networks(keys)
        }
        _ => Codes::Unknown,
    }
}

/// `262 All`
fn all_of_mcc(text: &str) -> Codes {
    let text = text.trim();
    match text.split_at_checked(3) {
        Some((mcc, rest))
            if is_digits(mcc) && super::mapping::means_others(rest.trim_matches([' ', '-', '/', '.'])) =>
        {
            Codes::All { mcc: Some(mcc.to_owned()) }
        }
        _ => Codes::Unknown,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

struct Token<'a> {
    digits: &'a str,
    /// What stands before it.
    after: Separator,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Start,
    /// Between codes.
    List,
    /// Between the two parts of a code, or the ends of a range.
    Dash,
    /// Between the two parts of a code, or between codes.
    Other,
}

/// Runs of digits; none if there is anything else than digits and separators.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut after = Separator::Start;
    loop {
        let start = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let between: String = rest[..start].chars().filter(|c| !c.is_whitespace()).collect();
        let separator = match between.as_str() {
            "," | ";" | "|" | "&" | "+" => Separator::List,
            "-" | "–" | "—" | ".." => Separator::Dash,
            "" | "/" | "." | ":" | "_" => Separator::Other,
            _ => return None,
        };
        rest = &rest[start..];
        if rest.is_empty() {
            // A separator at the end does no harm.
            return (!tokens.is_empty()).then_some(tokens);
        }
        if !tokens.is_empty() {
            after = separator;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        tokens.push(Token { digits: &rest[..end], after });
        rest = &rest[end..];
    }
}

struct Reader<'a> {
    operators: &'a Dictionary,
    accept_unknown: bool,
}

impl Reader<'_> {
    fn networks(&self, tokens: &[Token]) -> Option<Vec<String>> {
        let mut keys = Vec::new();
        let mut mcc: Option<&str> = None;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1);
            let (of, mnc) = match (token.digits.len(), next) {
                (5 | 6, _) => token.digits.split_at(3),
                (3, Some(next)) if next.after != Separator::List && next.digits.len() <= 3 => {
                    at += 1;
                    (token.digits, next.digits)
                }
                (1..=3, _) => (mcc?, token.digits),
                _ => return None,
            };
            mcc = Some(of);
            let end = tokens.get(at + 1).filter(|next| next.after == Separator::Dash);
            match end {
                None => keys.push(self.key(of, mnc)?),
                Some(end) => {
                    at += 1;
                    keys.extend(self.range(of, mnc, end.digits)?);
                }
            }
            at += 1;
        }
        Some(keys)
    }

    /// The key of a code. Files pad network codes to three digits, or lose their leading zeros.
    fn key(&self, mcc: &str, mnc: &str) -> Option<String> {
        let short = mnc.trim_start_matches('0');
        let forms = [format!("{mcc}{mnc}"), format!("{mcc}{short:0>2}"), format!("{mcc}{short:0>3}")];
        if let Some(known) = forms.iter().find(|form| self.operators.entry(form).is_some()) {
            return Some(known.clone());
        }
        let [as_written, two_digits, _] = forms;
        let key = if mnc.len() == 1 { two_digits } else { as_written };
        (self.accept_unknown && matches!(key.len(), 5 | 6)).then_some(key)
    }

    /// All known codes from one to the other.
    fn range(&self, mcc: &str, first: &str, last: &str) -> Option<Vec<String>> {
        let last = match last.len() {
            5 | 6 => last.strip_prefix(mcc)?,
            1..=3 => last,
            _ => return None,
        };
        let (from, to): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        if to < from || to - from >= RANGE_MAX {
            return None;
        }
        // Never the unknown ones: a range says that all that there are cost the same.
        let (width, known) = (first.len(), Self { accept_unknown: false, ..*self });
        Some((from..=to).filter_map(|mnc| known.key(mcc, &format!("{mnc:0>width$}"))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::{Dictionaries, DictionaryName, Entry};

    fn operators() -> Dictionary {
        let entry = |key: &str| Entry { key: key.into(), values: vec![String::new(); 5] };
        let keys = ["26201", "26202", "26203", "26207", "310260", "310410", "26002", "24005", "405840"];
        Dictionary::new(DictionaryName::Operators, keys.map(entry).to_vec())
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match read(text, &operators(), false) {
            Codes::Networks(keys) => keys.join(" "),
            Codes::All { mcc } => format!("all {}", mcc.unwrap_or_default()),
            Codes::Unknown => "unknown".to_owned(),
        };
        assert_eq!(shown.trim_end(), expected, "{text:?}");
    }

    #[test]
    fn a_code_is_read_however_it_is_written() {
        for text in [
            "26202", "262-02", "262 02", "262/02", "262.02", "262_02", "262 2", "262002", "262-002",
            " 26202 ", "26202,",
        ] {
            check(text, "26202");
        }
        check("260002", "26002");
        check("310-26", "unknown");
        check("310-260", "310260");
        check("405-840", "405840");
    }

    #[test]
    fn lists_and_ranges_name_several() {
        for text in [
            "26202,26203",
            "26202; 26203",
            "26202/26203",
            "26202 26203",
            "262 02, 03",
            "262-02,262-03",
            "262 2,3",
            "26202,3",
        ] {
            check(text, "26202 26203");
        }
        for text in ["26201-26209", "26201 - 26209", "262 1-9", "262-01-09", "26201-09", "26201–26209"] {
            check(text, "26201 26202 26203 26207");
        }
        check("310260,410", "310260 310410");
        check("26202,26202", "26202");
        check("26209-26201", "unknown");
        check("26201-31026", "unknown");
    }

    #[test]
    fn all_networks_are_the_others() {
        for text in ["", "All networks", "Others", "*", "all"] {
            check(text, "all");
        }
        for text in ["262", "262 All", "262-*", "262 all networks"] {
            check(text, "all 262");
        }
    }

    #[test]
    fn what_nobody_knows_is_said_to_be_unknown_unless_it_is_accepted() {
        for text in ["26299", "7", "1234", "26202 and 26299", "Vodafone", "26202,99", "1234567", "262,02,x"] {
            check(text, "unknown");
        }
        assert_eq!(read("262-99", &operators(), true), Codes::Networks(vec!["26299".into()]));
        assert_eq!(read("262 9", &operators(), true), Codes::Networks(vec!["26209".into()]));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9 ,;/.–ä-]{0,30}|.*") {
            read(&text, &operators(), true);
            read(&text, Dictionaries::shipped().get(DictionaryName::Operators), false);
        }
    }
}
