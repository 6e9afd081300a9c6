//! Writes the sample documents of every kind into a folder, by a form of one's own or by the product's:
//! `cargo run -p printing --example samples -- FOLDER [KIND FORM.xml [NAME=PICTURE.png]...]`.

use std::fs;
use std::path::Path;

use domain::printable_form::FormKind;
use domain::upload::FileKind;
use printing::{Form, Picture, print, samples};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("in which folder?")?;
    let (kind, template) = (words.next(), words.next().map(fs::read_to_string).transpose()?);
    let mut form = template.map(|template| Form { template, ..Form::default() });
    for word in words {
        let (name, file) = word.split_once('=').ok_or("a picture is NAME=FILE")?;
        let kind = if file.ends_with(".png") { FileKind::Png } else { FileKind::Jpeg };
        let picture = Picture::read(kind, fs::read(file)?)?;
        form.get_or_insert_default().pictures.insert(name.to_owned(), picture);
    }
    fs::create_dir_all(&folder)?;
    for (name, of) in [("invoice", FormKind::Invoice), ("receipt", FormKind::Receipt)] {
        let form = form.as_ref().filter(|_| kind.as_deref() == Some(name));
        for (place, sample) in samples(of).iter().enumerate() {
            fs::write(Path::new(&folder).join(format!("{name}-{place}.pdf")), print(sample, form)?)?;
        }
    }
    Ok(())
}
