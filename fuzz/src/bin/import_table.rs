//! Any bytes as a rate sheet: CSV, XLS and XLSX by what they begin with.

fn main() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(table) = domain::import::table::read(bytes, "rates", None) else { return };
        assert!(table.rows().len() > 0);
        for row in table.rows() {
            assert!(row.cells().len() <= table.columns());
            assert!(row.cells().last().is_some_and(|text| !text.is_empty()));
        }
    });
}
