//! A small month through everything: `billing-month` makes a big one.

use tests::billing_month::{Options, rerate_only, run};

#[tokio::test]
async fn records_usage_charges_and_wallets_of_a_month_are_the_same_to_the_last_digit() {
    let report = run(Options { edrs: 2_000, agreements: 24, seed: 1 }).await.expect("a month");
    assert!(report.is_exact(), "{report}");
    let (made, invoices) = (report.made, &report.invoices);
    assert!(2_000 <= made.edrs && report.totals.records == made.edrs, "{report}");
    // Of each kind there was something.
    for count in [made.blocks, made.batches, made.fees, made.failed, made.late, made.canceled, made.left] {
        assert!(0 < count, "{report}");
    }
    for count in
        [invoices.invoices, invoices.corrections, invoices.credit_notes, report.rerated.first.updated]
    {
        assert!(0 < count, "{report}");
    }
    // Users with credits of their own have sent as well.
    assert!(24 < report.totals.wallets, "{report}");
    assert!(0 < report.deliveries.again && 0 < report.deliveries.bisected, "{report}");
}

#[tokio::test]
async fn a_month_that_is_rated_again_twice_is_looked_at_whole_and_changes_once() {
    let report = rerate_only(Options { edrs: 800, agreements: 12, seed: 1 }).await.expect("a month");
    assert!(report.is_exact(), "{report}");
}
