//! Texts as numbers.

use store::TermCache;
use testkit::TestDatabase;

on_both!(
    a_text_keeps_its_number,
    a_cache_learns_what_others_interned,
    thousands_of_texts_are_interned_at_once
);

async fn a_text_keeps_its_number(database: TestDatabase) {
    let mut tx = database.store.write().await.unwrap();
    let first = tx.term_intern(&["a", "b"]).await.unwrap();
    let again = tx.term_intern(&["b", "a", "c"]).await.unwrap();
    let number = |list: &[(String, i64)], text: &str| list.iter().find(|(known, _)| known == text).unwrap().1;
    assert_eq!(number(&first, "a"), number(&again, "a"));
    assert_eq!(tx.term_find("c").await.unwrap(), Some(number(&again, "c")));
    assert_eq!(tx.term_text(number(&again, "b")).await.unwrap(), "b");
    assert_eq!(tx.term_find("unknown").await.unwrap(), None);
    assert!(tx.term_text(999_999).await.is_err());
}

async fn a_cache_learns_what_others_interned(database: TestDatabase) {
    let (mine, yours) = (TermCache::default(), TermCache::default());
    let store = &database.store;
    let of_mine = store.terms_intern(&mine, ["x", "é", "x"]).await.unwrap();
    let of_yours = store.terms_intern(&yours, ["é"]).await.unwrap();
    assert_eq!(of_mine.get("é"), of_yours.get("é"));
    assert!(of_mine.get("é").is_some());
    assert_eq!(of_yours.get("x"), None);
    let again = store.terms_intern(&mine, ["x"]).await.unwrap();
    assert_eq!(again.get("x"), of_mine.get("x"));
}

async fn thousands_of_texts_are_interned_at_once(database: TestDatabase) {
    let texts: Vec<String> = (0..2_345).map(|number| format!("text {number}")).collect();
    let cache = TermCache::default();
    let interned = database
        .store
        .terms_intern(&cache, texts.iter().map(String::as_str))
        .await
        .unwrap();
    let numbers: Vec<i64> = texts.iter().map(|text| interned.get(text).unwrap()).collect();
    let mut tx = database.store.read().await.unwrap();
    let found = tx.term_texts(&numbers).await.unwrap();
    assert_eq!(found.len(), texts.len());
    assert_eq!(found[&numbers[1_234]], "text 1234");
}
