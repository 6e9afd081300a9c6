//! The log as a file for a spreadsheet, and as a page to print that needs nothing but itself.

use axum::response::{Html, IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use jiff::Timestamp;
use runtime::http::unavailable;

use super::{CreditDirection, CreditLogLine, CreditMovement, Window};
use crate::error::ApiError;
use crate::files::{self, FileName};
use crate::lists::harmless;

const COLUMNS: [&str; 12] = [
    "Date and time (UTC)",
    "Company",
    "Credits of",
    "Agreement",
    "Direction",
    "Type",
    "Amount",
    "Currency",
    "Balance after",
    "Counterparty",
    "Note",
    "By",
];

/// A CSV file (RFC 4180).
pub fn csv(lines: &[CreditLogLine]) -> Result<Response, ApiError> {
    let written = csv_text(lines).map_err(unavailable)?;
    let mut response = written.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(files::CSV));
    let name = HeaderValue::from_static("attachment; filename=\"credit-log.csv\"");
    headers.insert(CONTENT_DISPOSITION, name);
    response.extensions_mut().insert(FileName("credit-log.csv".to_owned()));
    Ok(response)
}

fn csv_text(lines: &[CreditLogLine]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for line in lines {
        let cells = Cells::of(line);
        writer.write_record([
            cells.at.as_str(),
            &harmless(cells.company),
            &harmless(cells.credits_of),
            &harmless(cells.agreement),
            cells.direction,
            cells.movement,
            cells.amount,
            cells.currency,
            cells.balance_after,
            &harmless(cells.counterparty),
            &harmless(cells.note),
            &harmless(cells.by),
        ])?;
    }
    writer.into_inner().map_err(|error| anyhow::anyhow!("{error}"))
}

/// The texts of a line as people read them.
struct Cells<'a> {
    at: String,
    company: &'a str,
    credits_of: &'a str,
    agreement: &'a str,
    direction: &'static str,
    movement: &'static str,
    amount: &'a str,
    currency: &'a str,
    balance_after: &'a str,
    counterparty: &'a str,
    note: &'a str,
    by: &'a str,
}

impl<'a> Cells<'a> {
    fn of(line: &'a CreditLogLine) -> Self {
        Self {
            at: readable(line.at),
            company: &line.company_name,
            credits_of: line.user_name.as_deref().unwrap_or("System"),
            agreement: &line.agreement_code,
            direction: match line.direction {
                CreditDirection::In => "in",
                CreditDirection::Out => "out",
            },
            movement: match line.movement {
                CreditMovement::Transfer => "transfer",
                CreditMovement::Payment => "payment",
            },
            amount: &line.amount,
            currency: &line.currency,
            balance_after: &line.balance_after,
            counterparty: line.counterparty_name.as_deref().unwrap_or_default(),
            note: &line.note,
            by: &line.by,
        }
    }
}

fn readable(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A page that loads nothing and runs nothing.
pub fn page(company: &str, window: Window, lines: &[CreditLogLine]) -> Response {
    let mut response = Html(page_text(company, window, lines)).into_response();
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}

fn page_text(company: &str, window: Window, lines: &[CreditLogLine]) -> String {
    let rows: String = lines.iter().map(row).collect();
    let rows = if rows.is_empty() {
        format!("<tr><td colspan=\"{}\">Nothing came or went in this time.</td></tr>", COLUMNS.len())
    } else {
        rows
    };
    let heads: String = COLUMNS.iter().map(|name| format!("<th>{}</th>", escaped(name))).collect();
    include_str!("page.html")
        .replace("{{heads}}", &heads)
        .replace("{{from}}", &readable(window.from))
        .replace("{{till}}", &readable(window.till))
        .replace("{{company}}", &escaped(company))
        // Last, so that what people wrote is never taken for a place to fill in.
        .replace("{{rows}}", &rows)
}

fn row(line: &CreditLogLine) -> String {
    let cells = Cells::of(line);
    let sign = if line.direction == CreditDirection::In { "+" } else { "\u{2212}" };
    let texts = [
        ("time", cells.at.clone()),
        ("", escaped(cells.company)),
        ("", escaped(cells.credits_of)),
        ("", escaped(cells.agreement)),
        (cells.direction, cells.direction.to_owned()),
        ("", cells.movement.to_owned()),
        ("number", format!("{sign}{}", escaped(cells.amount))),
        ("", escaped(cells.currency)),
        ("number", escaped(cells.balance_after)),
        ("", escaped(cells.counterparty)),
        ("note", escaped(cells.note)),
        ("", escaped(cells.by)),
    ];
    let cells: String =
        texts.iter().map(|(class, text)| format!("<td class=\"{class}\">{text}</td>")).collect();
    format!("<tr>{cells}</tr>\n")
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(note: &str) -> CreditLogLine {
        CreditLogLine {
            at: Timestamp::from_second(1_767_225_600).unwrap(),
            wallet: "wal_1".into(),
            company: "com_1".into(),
            company_name: "Acme, Inc.".into(),
            agreement_code: "ACME-1".into(),
            user_name: None,
            direction: CreditDirection::Out,
            movement: CreditMovement::Transfer,
            amount: "30".into(),
            currency: "CREDIT".into(),
            balance_after: "-5".into(),
            counterparty: Some("wal_2".into()),
            counterparty_name: Some("Acme, Inc.: Ada \"A\"".into()),
            note: note.into(),
            by: "@ada".into(),
            reference: "trf_1".into(),
        }
    }

    fn rows(note: &str) -> String {
        String::from_utf8(csv_text(&[line(note)]).unwrap()).unwrap()
    }

    #[test]
    fn a_file_is_quoted_and_its_numbers_stay_numbers() {
        let expected = "2026-01-01 00:00:00,\"Acme, Inc.\",System,ACME-1,out,transfer,30,CREDIT,-5,\
                        \"Acme, Inc.: Ada \"\"A\"\"\",monthly,'@ada\r\n";
        assert_eq!(rows("monthly").split_once("\r\n").unwrap().1, expected);
    }

    #[test]
    fn no_note_is_a_formula() {
        assert!(rows("=1+1").contains(",'=1+1,"));
        assert!(rows("5 = 5").contains(",5 = 5,"));
        assert!(rows("two\nlines").contains("\"two\nlines\""));
    }

    #[test]
    fn what_people_wrote_is_text_on_the_page() {
        let window = Window { from: Timestamp::UNIX_EPOCH, till: Timestamp::UNIX_EPOCH };
        let page = page_text("<b>Acme</b>", window, &[line("<script>alert('x')</script> {{company}}")]);
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; {{company}}"));
        assert!(page.contains("&lt;b&gt;Acme") && !page.contains("<script") && !page.contains("<b>"));
        assert!(page_text("Acme", window, &[]).contains("Nothing came or went"));
    }
}
