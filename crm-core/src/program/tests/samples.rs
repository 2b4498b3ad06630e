//! The three samples, and what the compiled form answers about them.

use crate::points::{PartKind, ReferralSide};
use crate::program::{EarnRule, Program};
use crate::value::{Currency, EventName, LadderId, PointCurrency, RuleId};

pub(super) const SAMPLES: [(&str, &str); 3] = [
    ("supermarket", include_str!("../../../../docs/programs/supermarket.json")),
    ("cafe", include_str!("../../../../docs/programs/cafe.json")),
    ("mall", include_str!("../../../../docs/programs/mall.json")),
];

pub(super) fn sample(name: &str) -> Program {
    let text = SAMPLES.iter().find(|(known, _)| *known == name).unwrap().1;
    Program::from_json(text).unwrap_or_else(|found| panic!("{name}: {found:#?}"))
}

fn ids<'a>(rules: impl Iterator<Item = &'a EarnRule>) -> Vec<&'a str> {
    rules.map(|rule| rule.id.as_str()).collect()
}

/// The package of the crate has no `docs`: it brings copies.
#[test]
fn the_package_brings_the_files_that_the_documents_show() {
    let copies = [
        ("docs/programs", "crm-core/src/program/samples", ["supermarket.json", "cafe.json", "mall.json"].as_slice()),
        (
            "docs/samples",
            "crm-core/src/bin/crm/samples",
            &["taobao_orders.csv", "taobao_items.csv", "taobao_refunds.csv", "shopify_orders.csv"],
        ),
    ];
    let root = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    for (shown, brought, names) in copies {
        for name in names {
            let file = std::fs::read(root.join(shown).join(name)).unwrap();
            let copy = root.join(brought).join(name);
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&copy, &file).unwrap();
            }
            let same = std::fs::read(&copy).is_ok_and(|copy| copy == file);
            assert!(same, "{} is stale; run the tests once with UPDATE=1", copy.display());
        }
    }
}

#[test]
fn samples_compile_without_warnings() {
    for (name, _) in SAMPLES {
        assert_eq!(sample(name).warnings(), [], "{name}");
    }
}

#[test]
fn a_document_built_in_code_compiles_to_the_same() {
    for (name, _) in SAMPLES {
        let program = sample(name);
        let again = Program::compile(program.document().clone()).unwrap();
        assert_eq!(again.document(), program.document(), "{name}");
        let text = serde_json::to_string(program.document()).unwrap();
        assert_eq!(Program::from_json(&text).unwrap().document(), program.document(), "{name}");
    }
}

#[test]
fn rules_are_found_by_what_sets_them_off() {
    let market = sample("supermarket");
    let (points, cny) = (PointCurrency::new("points").unwrap(), Currency::new("CNY").unwrap());
    let on_orders = ["base", "fresh-bonus", "own-brand-bonus", "birthday-month", "gold-bonus", "come-back"];
    assert_eq!(ids(market.order_rules(&points)), on_orders);
    assert_eq!(ids(market.event_rules(&EventName::new("review").unwrap())), ["review"]);
    assert_eq!(ids(market.event_rules(&EventName::new("share").unwrap())), [""; 0]);
    assert_eq!(ids(market.sign_up_rules()), ["welcome"]);
    assert_eq!(ids(market.birthday_rules()), ["birthday-gift"]);
    assert_eq!(ids(market.referral_rules(ReferralSide::Referrer)), ["referrer"]);
    assert_eq!(ids(market.referral_rules(ReferralSide::Referee)), ["referee"]);
    assert_eq!(market.rule(&RuleId::new("welcome").unwrap()).unwrap().on, crate::points::EarnOn::SignUp);
    let parts: Vec<_> = market.order_parts(&points, cny).collect();
    assert!(matches!(parts[0].1, Some(PartKind::PerAmount { .. })));
    assert_eq!(parts[5].1, None, "a fixed rule is an award of its own");
    let elsewhere = market.order_parts(&points, Currency::new("EUR").unwrap());
    assert!(elsewhere.map(|(_, kind)| kind).all(|kind| kind.is_none()), "euros are not accepted");
}

#[test]
fn the_rest_of_the_compiled_form() {
    let mall = sample("mall");
    assert_eq!((mall.name(), mall.revision()), ("Harbour Mall Rewards", 1));
    assert_eq!((mall.zone().name(), mall.country()), ("Asia/Singapore", Some("SG")));
    assert_eq!(mall.currencies(), [mall.main_currency()]);
    assert!(mall.accepts(Currency::new("SGD").unwrap()) && !mall.accepts(Currency::new("CNY").unwrap()));
    assert!(mall.point_currency(&PointCurrency::new("status").unwrap()).unwrap().qualifying);
    assert!(mall.point_currency(&PointCurrency::new("miles").unwrap()).is_none());
    assert_eq!(mall.point_currencies().len(), 2);
    assert_eq!(mall.ladders().len(), 1);
    assert!(mall.ladder(&LadderId::new("status").unwrap()).is_some());
    assert!(mall.ladder(&LadderId::new("club").unwrap()).is_none());
    assert!(mall.lifecycle().is_some());
    assert_eq!(mall.refunds().without_order, crate::program::WithoutOrder::Refuse);
    assert_eq!(mall.basis().tax, crate::program::InOrOut::Out);
}

#[test]
fn programs_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Program>();
}
