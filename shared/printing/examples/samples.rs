//! Writes the sample documents of every kind into a folder, by a form of one's own or by the product's:
//! `cargo run -p printing --example samples -- FOLDER [KIND FORM.xml]`.

use std::fs;
use std::path::Path;

use domain::printable_form::FormKind;
use printing::{print, samples};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("in which folder?")?;
    let (kind, form) = (words.next(), words.next().map(fs::read_to_string).transpose()?);
    fs::create_dir_all(&folder)?;
    for (name, of) in [("invoice", FormKind::Invoice), ("receipt", FormKind::Receipt)] {
        let form = form.as_deref().filter(|_| kind.as_deref() == Some(name));
        for (place, sample) in samples(of).iter().enumerate() {
            fs::write(Path::new(&folder).join(format!("{name}-{place}.pdf")), print(sample, form)?)?;
        }
    }
    Ok(())
}
