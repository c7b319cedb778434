use super::*;
use weir_ledger::LedgerError;

pub(crate) fn a_ledger_goes_on_where_it_ended(home: &dyn Home) {
    let mut expected = String::new();
    for round in 1..=4u64 {
        let (ledger, opened) = reopen(home);
        assert_eq!((opened.head, opened.is_new), (Position(round - 1), round == 1));
        assert_eq!(opened.clock, (round > 1).then(|| second(10 * (round - 1))));
        assert_eq!(opened.recovery, weir_ledger::Recovery::default());
        let records = vec![NewRecord { at: second(10 * round), ..record("work", "x") }];
        append(&ledger, expecting("work", round - 1, Append { records, ..Append::default() }));
        expected += &format!("E{round} work.{round} x\n");
        assert_eq!(told(&ledger), expected);
    }
}

pub(crate) fn a_ledger_is_not_continued_with_another_key(home: &dyn Home) {
    drop(open(home));
    let other = Signer::draw("PeterNeumann").expect("randomness");
    let error = Ledger::open(home.store(), other).err().expect("another key");
    assert!(matches!(error, LedgerError::OtherKey { .. }), "{error}");
    assert!(error.to_string().contains("PeterNeumann+c74f20a3"), "{error}");
    drop(open(home));
}

pub(crate) fn an_empty_ledger_opens_again(home: &dyn Home) {
    drop(open(home));
    let (ledger, opened) = reopen(home);
    assert_eq!((opened.head, opened.clock, opened.is_new), (Position(0), None, false));
    assert_eq!(ledger.checkpoint().expect("signed").size, 0);
}
