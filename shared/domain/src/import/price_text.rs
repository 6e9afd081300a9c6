//! Prices as people write them: `0,0123`, `€ 0.05`, `1.234,56`, `(0.05)`, `5E-03 EUR`.
//!
//! Whether a comma or a point begins the decimals is seen from the whole column. What could be read in two
//! ways is not read at all.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Amount, AmountError, Currency};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalSign {
    Point,
    Comma,
}

/// Why a text is no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceTextError {
    #[error("{text:?} is no price")]
    NotAPrice { text: String },
    #[error("{text:?} can be read in two ways: say which sign begins the decimals")]
    Ambiguous { text: String },
    #[error("{text:?} is in {found}, but the service is in {expected}")]
    OtherCurrency { text: String, found: String, expected: Currency },
    #[error("{text:?}: {problem}")]
    Amount { text: String, problem: AmountError },
}

impl PriceTextError {
    /// Whether a person can say what the text stands for. A wrong price cannot be mapped away: the same text
    /// may be right in another file.
    pub fn can_be_mapped(&self) -> bool {
        matches!(self, Self::NotAPrice { .. } | Self::Ambiguous { .. })
    }
}

/// Reads the prices of one column.
#[derive(Debug, Clone, Copy)]
pub struct PriceReader {
    is_point_seen: bool,
    is_comma_seen: bool,
    currency: Option<Currency>,
}

impl PriceReader {
    /// For these texts, in a service of this currency. The decimal sign is found out unless it is given.
    pub fn new<'a>(
        texts: impl IntoIterator<Item = &'a str>,
        sign: Option<DecimalSign>,
        currency: Option<Currency>,
    ) -> Self {
        let mut reader = Self { is_point_seen: false, is_comma_seen: false, currency };
        match sign {
            Some(DecimalSign::Point) => reader.is_point_seen = true,
            Some(DecimalSign::Comma) => reader.is_comma_seen = true,
            None => {
                for text in texts {
                    if let Some(Shape::Clear { sign: Some(sign), .. }) =
                        bare(text).and_then(|bare| shape(&bare.digits))
                    {
                        reader.is_point_seen |= sign == DecimalSign::Point;
                        reader.is_comma_seen |= sign == DecimalSign::Comma;
                    }
                }
            }
        }
        reader
    }

    /// The price, never negative: in files of suppliers a sign says who pays whom (guide, section
    /// 7.3.2.2.2.2.6).
    pub fn read(&self, text: &str) -> Result<Amount, PriceTextError> {
        let not_a_price = || PriceTextError::NotAPrice { text: text.to_owned() };
        let bare = bare(text).ok_or_else(not_a_price)?;
        if let (Some(found), Some(expected)) = (&bare.currency, self.currency)
            && found != expected.code()
        {
            return Err(PriceTextError::OtherCurrency {
                text: text.to_owned(),
                found: found.clone(),
                expected,
            });
        }
        let digits = match shape(&bare.digits).ok_or_else(not_a_price)? {
            Shape::Clear { number, .. } => number,
            Shape::Either { sign, decimal, whole } => self
                .choose(sign, decimal, whole)
                .ok_or_else(|| PriceTextError::Ambiguous { text: text.to_owned() })?,
        };
        let wrong = |problem| PriceTextError::Amount { text: text.to_owned(), problem };
        let number = match digits.contains(['e', 'E']) {
            true => Decimal::from_scientific(&digits).map_err(|_| not_a_price())?,
            // A number with more digits than fit has too many of them before or behind the point.
            false => Decimal::from_str_exact(&digits).map_err(|_| {
                match digits.find('.').unwrap_or(digits.len()) {
                    0..=13 => wrong(AmountError::TooPrecise),
                    _ => wrong(AmountError::TooLarge),
                }
            })?,
        };
        Amount::new(number.abs()).map_err(wrong)
    }

    /// What `1.234` or `1,234` means in this column. A lone point begins decimals unless the column says
    /// otherwise: spreadsheets write every number with it. A lone comma needs a witness.
    fn choose(&self, sign: DecimalSign, decimal: String, whole: String) -> Option<String> {
        match (sign, self.is_point_seen, self.is_comma_seen) {
            (DecimalSign::Point, _, false) | (DecimalSign::Comma, false, true) => Some(decimal),
            (DecimalSign::Comma, true, false) => Some(whole),
            (DecimalSign::Point, false, true) => Some(whole),
            (_, true, true) | (DecimalSign::Comma, false, false) => None,
        }
    }
}

/// How many: a whole number with or without separators between its thousands.
pub fn count(text: &str) -> Option<u64> {
    let text = text.trim();
    [&[','][..], &['.'], BLANKS]
        .iter()
        .find_map(|separators| thousands(text, separators))
        .and_then(|digits| digits.parse().ok())
}

/// A text without currency, sign and brackets.
struct Bare {
    digits: String,
    /// ISO 4217.
    currency: Option<String>,
}

const SIGNS: [(char, Option<&str>); 20] = [
    ('€', Some("EUR")),
    ('£', Some("GBP")),
    ('$', None),
    ('¥', None),
    ('₽', Some("RUB")),
    ('₹', Some("INR")),
    ('₺', Some("TRY")),
    ('₴', Some("UAH")),
    ('₦', Some("NGN")),
    ('₫', Some("VND")),
    ('₩', None),
    ('₪', Some("ILS")),
    ('₱', None),
    ('฿', Some("THB")),
    ('₡', Some("CRC")),
    ('₲', Some("PYG")),
    ('₵', Some("GHS")),
    ('₸', Some("KZT")),
    ('₼', Some("AZN")),
    ('₾', Some("GEL")),
];

/// Separators of thousands that are never decimal signs: blanks of all widths and apostrophes.
const BLANKS: &[char] = &[' ', '\u{A0}', '\u{2009}', '\u{202F}', '\'', '’'];

/// Longer texts are no prices.
const LENGTH_MAX: usize = 60;

fn bare(text: &str) -> Option<Bare> {
    if text.len() > LENGTH_MAX {
        return None;
    }
    let mut currency = None;
    let mut rest = text.trim_matches(|c: char| c.is_whitespace());
    loop {
        let before = rest.len();
        for (sign, code) in SIGNS {
            if let Some(stripped) = rest.strip_prefix(sign).or_else(|| rest.strip_suffix(sign)) {
                currency = currency.or(code.map(str::to_owned));
                rest = stripped;
            }
        }
        rest = match rest.strip_prefix(['+', '-', '\u{2212}']) {
            Some(stripped) => stripped,
            None => rest.strip_suffix('-').unwrap_or(rest),
        };
        rest = rest.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(rest);
        for at_end in [false, true] {
            if let Some((code, stripped)) = letters(rest, at_end) {
                currency = Some(code);
                rest = stripped;
            }
        }
        rest = rest.trim_matches(|c: char| c.is_whitespace());
        if rest.len() == before {
            return Some(Bare { digits: rest.to_owned(), currency });
        }
    }
}

/// The code of a currency at the beginning or the end.
fn letters(text: &str, at_end: bool) -> Option<(String, &str)> {
    let (code, rest) = match at_end {
        false => text.split_at_checked(text.find(|c: char| !c.is_ascii_alphabetic())?)?,
        true => {
            let start = text.rfind(|c: char| !c.is_ascii_alphabetic())?;
            let start = start + text[start..].chars().next()?.len_utf8();
            let (rest, code) = text.split_at_checked(start)?;
            (code, rest)
        }
    };
    let code = code.to_ascii_uppercase();
    let code = if code == "US" { "USD".to_owned() } else { code };
    iso_currency::Currency::from_code(&code).map(|_| (code, rest))
}

enum Shape {
    /// One way to read it, and the sign that it shows to begin decimals.
    Clear { number: String, sign: Option<DecimalSign> },
    /// `1.234`
    Either { sign: DecimalSign, decimal: String, whole: String },
}

fn shape(text: &str) -> Option<Shape> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((mantissa, exponent)) = text.split_once(['e', 'E']) {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if !is_digits(digits) || digits.len() > 2 {
            return None;
        }
        let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
        let plain = is_digits(whole) && is_digits(fraction) && whole.len() + fraction.len() <= 20;
        return plain.then(|| Shape::Clear { number: format!("{whole}.{fraction}e{exponent}"), sign: None });
    }
    let (points, commas) = (text.matches('.').count(), text.matches(',').count());
    let decimal_sign = match (points, commas) {
        (0, 0) => return Some(Shape::Clear { number: thousands(text, BLANKS)?, sign: None }),
        (1, 0) => DecimalSign::Point,
        (0, 1) => DecimalSign::Comma,
        // Several of one kind stand between thousands.
        (_, 0) => {
            return Some(Shape::Clear { number: thousands(text, &['.'])?, sign: Some(DecimalSign::Comma) });
        }
        (0, _) => {
            return Some(Shape::Clear { number: thousands(text, &[','])?, sign: Some(DecimalSign::Point) });
        }
        _ if text.rfind('.') > text.rfind(',') => DecimalSign::Point,
        _ => DecimalSign::Comma,
    };
    let (decimal, other) = match decimal_sign {
        DecimalSign::Point => ('.', ','),
        DecimalSign::Comma => (',', '.'),
    };
    let (whole, fraction) = text.rsplit_once(decimal)?;
    if !fraction.is_empty() && !is_digits(fraction) {
        return None;
    }
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    let is_alone = points + commas == 1;
    let may_be_thousands =
        is_alone && fraction.len() == 3 && is_digits(whole) && whole.len() <= 3 && !whole.starts_with('0');
    let whole_digits = match whole {
        "" => "0".to_owned(),
        whole if is_alone => thousands(whole, BLANKS)?,
        whole => thousands(whole, &[other])?,
    };
    let number = format!("{whole_digits}.{fraction}");
    Some(match may_be_thousands {
        true => Shape::Either { sign: decimal_sign, whole: format!("{whole}{fraction}"), decimal: number },
        false => Shape::Clear { number, sign: Some(decimal_sign) },
    })
}

/// The digits of a whole number whose thousands are separated by these, or not separated.
fn thousands(text: &str, separators: &[char]) -> Option<String> {
    let groups: Vec<&str> = text.split(separators).collect();
    let digits = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let (first, rest) = groups.split_first()?;
    let is_grouped = rest.is_empty() || first.len() <= 3 && rest.iter().all(|group| group.len() == 3);
    (is_grouped && groups.iter().all(|group| digits(group))).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(texts: &[&str]) -> String {
        let euro = Currency::parse("EUR").unwrap();
        let reader = PriceReader::new(texts.iter().copied(), None, Some(euro));
        let read = texts.iter().map(|text| match reader.read(text) {
            Ok(amount) => amount.to_string(),
            Err(error) => error.to_string(),
        });
        read.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_price_is_read_however_it_is_written() {
        for (text, amount) in [
            ("0.05", "0.05"),
            (" 0,05 ", "0.05"),
            (".05", "0.05"),
            ("5.", "5"),
            ("€ 0.05", "0.05"),
            ("0.05€", "0.05"),
            ("EUR 0.05", "0.05"),
            ("0.05 eur", "0.05"),
            ("$0.0289", "0.0289"),
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("1 234 567.5", "1234567.5"),
            ("1'234'567", "1234567"),
            ("1.234.567", "1234567"),
            ("12\u{A0}345,5", "12345.5"),
            ("5E-03", "0.005"),
            ("5,5e-2", "0.055"),
            ("0.0500000000", "0.05"),
            ("007", "7"),
        ] {
            assert_eq!(read_all(&[text]), amount, "{text}");
        }
    }

    #[test]
    fn a_negative_price_becomes_positive() {
        for text in ["-0.05", "\u{2212}0.05", "(0.05)", "-€0.05", "€-0.05", "0.05-", "(0.05 EUR)"] {
            assert_eq!(read_all(&[text]), "0.05", "{text}");
        }
    }

    #[test]
    fn what_is_no_price_is_said_to_be_none() {
        for text in [
            "",
            "Free",
            "n/a",
            "blocked",
            "1.2.3",
            "0.05 0.06",
            "5%",
            "1,23,456",
            "--",
            "€",
            "1e999",
            "0x5",
            "NaN",
            "1.5.",
            "1-2",
        ] {
            assert_eq!(read_all(&[text]), format!("{text:?} is no price"), "{text}");
        }
    }

    #[test]
    fn one_sign_before_three_digits_is_read_as_the_column_uses_it() {
        assert_eq!(read_all(&["1.234", "0.05"]), "1.234; 0.05");
        assert_eq!(read_all(&["1.234", "0,05"]), "1234; 0.05");
        assert_eq!(read_all(&["1,234", "0,05"]), "1.234; 0.05");
        assert_eq!(read_all(&["1,234", "0.05"]), "1234; 0.05");
        assert_eq!(read_all(&["0,034"]), "0.034");
        assert_eq!(read_all(&["1.234"]), "1.234");
        let ambiguous = "\"1,234\" can be read in two ways: say which sign begins the decimals";
        assert_eq!(read_all(&["1,234"]), ambiguous);
        assert_eq!(read_all(&["1,234", "0,05", "0.06"]), format!("{ambiguous}; 0.05; 0.06"));
        let told = PriceReader::new([], Some(DecimalSign::Comma), None);
        assert_eq!(told.read("1,234").unwrap().to_string(), "1.234");
    }

    #[test]
    fn a_price_that_the_service_cannot_have_is_refused() {
        assert_eq!(read_all(&["0.0000001"]), "\"0.0000001\": an amount has at most 6 decimal places");
        assert_eq!(read_all(&["5E-07"]), "\"5E-07\": an amount has at most 6 decimal places");
        let long = "0.12345678901234567890123456789012345";
        assert_eq!(read_all(&[long]), format!("{long:?}: an amount has at most 6 decimal places"));
        assert_eq!(read_all(&["9999999999999.5"]), "\"9999999999999.5\": an amount is at most 1000000000000");
        assert_eq!(read_all(&["0.05 USD"]), "\"0.05 USD\" is in USD, but the service is in EUR");
        assert_eq!(read_all(&["£0.05"]), "\"£0.05\" is in GBP, but the service is in EUR");
    }

    #[test]
    fn a_count_may_have_separators() {
        assert_eq!(
            ["100,001", "1.000.000", "4 500 000", "7"].map(count),
            [Some(100_001), Some(1_000_000), Some(4_500_000), Some(7)]
        );
        assert_eq!(["", "1,00", "many", "-1", "1.5"].map(count), [None; 5]);
    }

    proptest::proptest! {
        #[test]
        fn every_amount_is_read_back_in_both_notations(micros in 0u64..1_000_000_000_000_000) {
            let amount = Amount::new(Decimal::new(micros as i64, 6)).unwrap();
            let (point, comma) = (amount.to_string(), amount.to_string().replace('.', ","));
            let read = |text: &str, sign| PriceReader::new([], Some(sign), None).read(text).unwrap();
            proptest::prop_assert_eq!(read(&point, DecimalSign::Point), amount);
            proptest::prop_assert_eq!(read(&comma, DecimalSign::Comma), amount);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9., '’€$()eE+A-Z-]{0,20}|.*") {
            let _ = PriceReader::new([text.as_str()], None, None).read(&text);
            let _ = count(&text);
        }
    }
}
