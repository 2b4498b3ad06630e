use super::*;
use crate::error::ErrorCode;
use crate::limits;
use crate::value::{Actor, Attribute, AttributeName, CalendarDate, CustomerId, Tag, Timestamp};
use proptest::prelude::*;

fn tag(text: &str) -> Tag {
    Tag::new(text).unwrap()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn customer() -> CustomerRecord {
    CustomerRecord::new(CustomerId::new("c1").unwrap(), at(0), None).unwrap()
}

fn named(name: &str) -> CustomerChange {
    CustomerChange { profile: Profile { name: Some(name.into()), ..Profile::default() }, ..CustomerChange::default() }
}

fn phone(value: &str) -> Identifier {
    Identifier { kind: IdentifierKind::Phone, scope: None, value: value.into() }
}

fn consent(state: ConsentState, source: ConsentSource, millis: i64) -> Consent {
    Consent { purpose: tag("marketing"), channel: tag("sms"), state, source, stated_at: at(millis), notice: None }
}

fn operator() -> ConsentSource {
    ConsentSource::Operator { actor: Actor::new("till 1").unwrap() }
}

#[test]
fn a_change_names_what_it_changed() {
    let mut record = customer();
    let mut change = named("  Ｌｉ\u{a0}Ｌｅｉ ");
    change.profile.note = Some("   ".into());
    change.add_identifiers = vec![phone("138 0013 8000"), phone("+8613800138000")];
    change.add_tags = [tag("vip")].into();
    change.set_attributes = [(AttributeName::new("size").unwrap(), Attribute::Text { value: "M".into() })].into();
    let changed = record.apply_change(&change, Some("CN")).unwrap();
    assert_eq!(changed, ["attributes.set:size", "identifiers.add:phone", "name", "tags.add:vip"]);
    assert_eq!(record.profile.name.as_deref(), Some("Li Lei"));
    assert_eq!(record.profile.note, None, "a blank is absent");
    assert_eq!(record.identifiers.len(), 1, "two spellings are one identity");
    assert!(record.apply_change(&change, Some("CN")).unwrap().is_empty(), "a second time nothing changes");
    let undo = CustomerChange {
        clear: ["name".to_owned()].into(),
        remove_identifiers: vec![phone("0086 13800138000")],
        remove_tags: [tag("vip"), tag("unknown")].into(),
        remove_attributes: [AttributeName::new("size").unwrap()].into(),
        ..CustomerChange::default()
    };
    let changed = record.apply_change(&undo, None).unwrap();
    assert_eq!(changed, ["attributes.remove:size", "identifiers.remove:phone", "name", "tags.remove:vip"]);
    assert_eq!(record, customer());
}

#[test]
fn limits_are_named() {
    let check = |change: CustomerChange, code: ErrorCode, field: &str, limit: usize| {
        let mut record = customer();
        let error = record.apply_change(&change, Some("CN")).unwrap_err();
        assert_eq!((error.code(), &error.details()["field"]), (code, &serde_json::json!(field)), "{error}");
        assert_eq!(error.details()["limit"], serde_json::json!(limit), "{error}");
        assert!(error.message().len() < 300);
        assert_eq!(record, customer());
    };
    check(named(&"名".repeat(3_500_000)), ErrorCode::ValueTooLong, "profile.name", limits::TEXT_BYTES_MAX);
    check(named(&"n".repeat(4_097)), ErrorCode::ValueTooLong, "profile.name", limits::TEXT_BYTES_MAX);
    // One letter that NFKC makes eleven times as long.
    check(named(&"\u{fdfa}".repeat(1_000)), ErrorCode::ValueTooLong, "profile.name", limits::TEXT_BYTES_MAX);
    assert!(customer().apply_change(&named(&"n".repeat(4_096)), None).is_ok(), "at the bound");
    let tags = |count: usize| CustomerChange {
        add_tags: (0..count).map(|n| tag(&n.to_string())).collect(),
        ..CustomerChange::default()
    };
    check(tags(257), ErrorCode::ValueTooMany, "tags", limits::TAGS_MAX);
    assert!(customer().apply_change(&tags(256), None).is_ok());
    let identifiers = |count: usize| CustomerChange {
        add_identifiers: (0..count).map(|n| phone(&format!("138{:08}", 20_000_001 + n))).collect(),
        ..CustomerChange::default()
    };
    check(identifiers(65), ErrorCode::ValueTooMany, "add_identifiers", limits::IDENTIFIERS_MAX);
    let mut full = customer();
    full.apply_change(&identifiers(64), Some("CN")).unwrap();
    let more = CustomerChange { add_identifiers: vec![phone("13900139000")], ..CustomerChange::default() };
    assert_eq!(full.apply_change(&more, Some("CN")).unwrap_err().details()["field"], "identifiers");
    let long = CustomerChange {
        set_attributes: [(AttributeName::new("a").unwrap(), Attribute::Text { value: "x".repeat(5_000) })].into(),
        ..CustomerChange::default()
    };
    check(long, ErrorCode::ValueTooLong, "attributes.a", limits::TEXT_BYTES_MAX);
}

#[test]
fn refused_change_leaves_no_trace() {
    let mut record = customer();
    record.apply_change(&named("Ann"), None).unwrap();
    let before = record.clone();
    let mut change = named("Bob");
    change.add_tags = [tag("vip")].into();
    change.add_identifiers = vec![phone("138****0000")];
    let error = record.apply_change(&change, Some("CN")).unwrap_err();
    assert_eq!(error.details()["field"], "add_identifiers[0].value");
    assert_eq!(record, before);
    let unknown = CustomerChange { clear: ["age".to_owned()].into(), ..CustomerChange::default() };
    assert_eq!(record.apply_change(&unknown, None).unwrap_err().code(), ErrorCode::CustomerField);
    let newline = record.apply_change(&named("a\nb"), None).unwrap_err();
    assert_eq!(newline.code(), ErrorCode::ValueText);
    let mut odd = CustomerChange::default();
    odd.profile.address = Some(Address { country: Some("CHN".into()), ..Address::default() });
    assert_eq!(record.apply_change(&odd, None).unwrap_err().details()["field"], "profile.address.country");
    odd.profile.address = Some(Address { country: Some("cn".into()), ..Address::default() });
    assert_eq!(record.apply_change(&odd, None).unwrap(), ["address"]);
    let itself = CustomerRecord::new(record.id.clone(), at(0), Some(record.id.clone()));
    assert_eq!(itself.unwrap_err().code(), ErrorCode::ReferralSelf);
}

#[test]
fn missing_fields_are_filled_and_set_ones_kept() {
    let mut record = customer();
    record.apply_change(&named("Ann"), None).unwrap();
    let other = Profile { name: Some("Bob".into()), gender: Some(Gender::Female), ..Profile::default() };
    assert!(record.fill_missing(&other).unwrap());
    assert_eq!(record.profile.name.as_deref(), Some("Ann"));
    assert_eq!(record.profile.gender, Some(Gender::Female));
    assert!(!record.fill_missing(&other).unwrap());
}

#[test]
fn birthdays_of_leap_days_are_kept_on_the_28th() {
    let mut record = customer();
    assert_eq!(record.birthday_in(2026), None);
    record.profile.birthday = Some(CalendarDate::parse("2000-02-29").unwrap());
    let days: Vec<_> = [2024, 2026, 2100].into_iter().map(|y| record.birthday_in(y).unwrap().to_string()).collect();
    assert_eq!(days, ["2024-02-29", "2026-02-28", "2100-02-28"]);
    assert_eq!(record.birthday_in(10_000), None);
}

#[test]
fn only_customers_widen_consent() {
    let (granted, withdrawn) = (ConsentState::Granted, ConsentState::Withdrawn);
    let mut record = customer();
    let state = |record: &CustomerRecord| record.consent_state(&tag("marketing"), &tag("sms")).map(|c| c.state);
    assert!(record.record_consent(&consent(granted, ConsentSource::Import, 1)).unwrap());
    assert_eq!(state(&record), None, "an import's grant has no effect");
    record.record_consent(&consent(granted, ConsentSource::Customer, 10)).unwrap();
    assert_eq!(state(&record), Some(granted));
    assert!(!record.record_consent(&consent(granted, ConsentSource::Customer, 10)).unwrap());
    record.record_consent(&consent(withdrawn, ConsentSource::Import, 9)).unwrap();
    assert_eq!(state(&record), Some(granted), "older than the customer's word");
    record.record_consent(&consent(withdrawn, operator(), 20)).unwrap();
    record.record_consent(&consent(granted, operator(), 30)).unwrap();
    assert_eq!(state(&record), Some(withdrawn), "an operator cannot take a withdrawal back");
    record.record_consent(&consent(granted, ConsentSource::Customer, 20)).unwrap();
    assert_eq!(state(&record), Some(withdrawn), "at one instant the withdrawal holds");
    record.record_consent(&consent(granted, ConsentSource::Customer, 40)).unwrap();
    let held = record.consent_state(&tag("marketing"), &tag("sms")).unwrap();
    assert_eq!((held.state, held.source, held.stated_at), (granted, ConsentSource::Customer, at(40)));
    assert_eq!(record.effective_consents(), [consent(granted, ConsentSource::Customer, 40)]);
    assert_eq!(record.consent_state(&tag("marketing"), &tag("email")), None);
}

#[test]
fn a_withdrawal_fits_into_a_full_history() {
    let mut record = customer();
    for n in 0..2_000 {
        let state = if n % 2 == 0 { ConsentState::Granted } else { ConsentState::Withdrawn };
        assert!(record.record_consent(&consent(state, ConsentSource::Customer, n)).unwrap());
    }
    assert_eq!(record.consents.len(), limits::CONSENTS_MAX);
    let held = record.consent_state(&tag("marketing"), &tag("sms")).unwrap();
    assert_eq!((held.state, held.stated_at), (ConsentState::Withdrawn, at(1_999)));
    let mut broad = customer();
    for n in 0..1_024 {
        let mut one = consent(ConsentState::Granted, ConsentSource::Customer, n);
        one.channel = tag(&n.to_string());
        broad.record_consent(&one).unwrap();
    }
    let error = broad.record_consent(&consent(ConsentState::Granted, ConsentSource::Customer, 0)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ValueTooMany);
}

#[test]
fn the_stored_form_is_versioned() {
    let mut record = customer();
    let mut change = named("李雷 👩‍👩‍👧");
    change.profile.birthday = Some(CalendarDate::parse("2000-02-29").unwrap());
    change.add_identifiers = vec![phone("13800138000")];
    change.add_tags = [tag("vip")].into();
    change.set_attributes = [(AttributeName::new("vip").unwrap(), Attribute::Flag { value: true })].into();
    record.apply_change(&change, Some("CN")).unwrap();
    record.record_consent(&consent(ConsentState::Granted, ConsentSource::Customer, 10)).unwrap();
    record.referred_by = Some(CustomerId::new("c0").unwrap());
    let bytes = record.to_bytes().unwrap();
    assert_eq!(CustomerRecord::from_bytes(&bytes).unwrap(), record);
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<CustomerRecord>(&text).unwrap(), record);
    let mut newer = bytes.clone();
    newer[0] = 2;
    assert_eq!(CustomerRecord::from_bytes(&newer).unwrap_err().code(), ErrorCode::StoreNewer);
    for cut in 0..bytes.len() {
        assert_eq!(CustomerRecord::from_bytes(&bytes[..cut]).unwrap_err().code(), ErrorCode::StoreCorrupt, "{cut}");
    }
    assert!(customer().to_bytes().unwrap().len() < 10, "absent parts take no room");
}

proptest! {
    /// What holds does not depend on the order in which statements arrived, and neither does the record.
    /// To break it: let `record_consent` append, or compare instants alone in `strength`.
    #[test]
    fn consent_is_a_function_of_the_statements(
        (ordered, shuffled) in prop::collection::vec((any::<bool>(), 0u8..3, 0i64..4, 0u8..2), 0..12).prop_flat_map(|rows| {
            let statements: Vec<Consent> = rows.into_iter().map(|(given, source, millis, channel)| {
                let state = if given { ConsentState::Granted } else { ConsentState::Withdrawn };
                let source = match source { 0 => ConsentSource::Customer, 1 => operator(), _ => ConsentSource::Import };
                Consent { channel: tag(if channel == 0 { "sms" } else { "email" }), ..consent(state, source, millis) }
            }).collect();
            (Just(statements.clone()), Just(statements).prop_shuffle())
        })
    ) {
        let (mut a, mut b) = (customer(), customer());
        for statement in &ordered { a.record_consent(statement).unwrap(); }
        for statement in &shuffled { b.record_consent(statement).unwrap(); }
        prop_assert_eq!(&a, &b);
        for held in a.effective_consents() {
            prop_assert!(held.state == ConsentState::Withdrawn || held.source == ConsentSource::Customer);
        }
    }
}
