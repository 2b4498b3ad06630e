use super::*;
use crate::error::ErrorCode;
use proptest::prelude::*;

fn identifier(kind: IdentifierKind, scope: Option<&str>, value: &str) -> Identifier {
    Identifier { kind, scope: scope.map(str::to_owned), value: value.to_owned() }
}

fn key(kind: IdentifierKind, value: &str, country: Option<&str>) -> String {
    identifier(kind, None, value).key(country).map(|k| k.to_string()).unwrap_or_else(|e| {
        format!("{} {}", e.code().as_str(), e.details().get("reason").and_then(|r| r.as_str()).unwrap_or("-"))
    })
}

#[test]
fn phones_become_e164() {
    let rows = [
        ("13800138000", Some("CN"), "phone:+8613800138000"),
        ("138 0013 8000", Some("CN"), "phone:+8613800138000"),
        ("138-0013-8000", Some("CN"), "phone:+8613800138000"),
        ("+86 138 0013 8000", None, "phone:+8613800138000"),
        ("+86 138 0013 8000", Some("US"), "phone:+8613800138000"),
        ("008613800138000", None, "phone:+8613800138000"),
        ("0086 138-0013-8000", Some("CN"), "phone:+8613800138000"),
        ("8613800138000", Some("CN"), "phone:+8613800138000"),
        ("(+86)13800138000", None, "phone:+8613800138000"),
        ("１３８００１３８０００", Some("CN"), "phone:+8613800138000"),
        ("＋８６１３８００１３８０００", None, "phone:+8613800138000"),
        ("\u{a0}138\u{a0}0013\u{a0}8000\u{a0}", Some("CN"), "phone:+8613800138000"),
        ("\u{202d}+86 138 0013 8000\u{202c}", None, "phone:+8613800138000"),
        ("'13800138000", Some("CN"), "phone:+8613800138000"),
        ("138\u{2011}0013\u{2011}8000", Some("CN"), "phone:+8613800138000"),
        ("010-6552 9988", Some("CN"), "phone:+861065529988"),
        ("(415) 555-2671", Some("US"), "phone:+14155552671"),
        ("+44 20 7946 0958", Some("CN"), "phone:+442079460958"),
        ("0044 20 7946 0958", None, "phone:+442079460958"),
    ];
    for (value, country, expect) in rows {
        assert_eq!(key(IdentifierKind::Phone, value, country), expect, "{value} {country:?}");
    }
}

#[test]
fn phones_that_identify_nobody_are_refused() {
    let rows = [
        ("138****0000", "masked"),
        ("138＊＊＊＊0000", "masked"),
        ("138xxxx0000", "masked"),
        ("1.38E+10", "sci_notation"),
        ("1.38001E10", "sci_notation"),
        ("1.38001e+10", "sci_notation"),
        ("11111111111", "placeholder"),
        ("00000000000", "placeholder"),
        ("12345678901", "placeholder"),
        ("123456", "placeholder"),
        ("98765432109", "placeholder"),
        ("13800000000", "placeholder"),
        ("+86 13000000000", "placeholder"),
        ("10000000000", "placeholder"),
        ("1380013800", "invalid"),
        ("138001380001", "invalid"),
        ("", "invalid"),
        (" ", "invalid"),
        ("+", "invalid"),
        ("无", "invalid"),
        ("n/a", "invalid"),
        ("12800138000", "invalid"),
        ("138+00138000", "invalid"),
        ("13800138000,13900139000", "invalid"),
        ("13800138000/13900139000", "invalid"),
        ("1380013800\u{7}", "invalid"),
    ];
    for (value, reason) in rows {
        assert_eq!(key(IdentifierKind::Phone, value, Some("CN")), format!("identity.text {reason}"), "{value:?}");
    }
    assert_eq!(key(IdentifierKind::Phone, "13800138000", None), "identity.text invalid", "no country, no code");
    let ten_megabytes = "1".repeat(10_000_000);
    let error = identifier(IdentifierKind::Phone, None, &ten_megabytes).key(Some("CN")).unwrap_err();
    assert_eq!((error.code(), &error.details()["limit"]), (ErrorCode::ValueTooLong, &serde_json::json!(128)));
    let error = identifier(IdentifierKind::Phone, None, "13800138000").key(Some("China")).unwrap_err();
    assert_eq!((error.code(), &error.details()["field"]), (ErrorCode::CustomerField, &serde_json::json!("country")));
}

/// Every prefix that the short way accepts, the library accepts with the same result, and every other one goes the long way.
/// To break it: add a `(second, third)` pair to `is_chinese_mobile` that the plan does not have, such as 1 4 4.
#[test]
fn fast_path_agrees_with_the_library() {
    for prefix in 13_000..20_000 {
        let number = format!("{prefix}123457");
        let library = phone::by_library(&number, Some(phonenumber::country::Id::CN));
        let ours = phone::e164(&number, Some(phonenumber::country::Id::CN));
        assert_eq!(ours, library, "{number}");
    }
}

#[test]
fn emails_are_lower_cased_and_checked() {
    let rows = [
        ("A@B.c", "email:a@b.c"),
        ("  Ann.Lee+shop@Example.COM ", "email:ann.lee+shop@example.com"),
        ("ａｂｃ＠ｑｑ．ｃｏｍ", "email:abc@qq.com"),
        ("李雷@例子.中国", "email:李雷@例子.中国"),
        ("J\u{30c}@b.com", "email:\u{1f0}@b.com"),
        ("a***@qq.com", "identity.text masked"),
        ("a@b", "identity.text invalid"),
        ("a@b@c.d", "identity.text invalid"),
        ("a b@c.d", "identity.text invalid"),
        (".a@c.d", "identity.text invalid"),
        ("a..b@c.d", "identity.text invalid"),
        ("a@.d", "identity.text invalid"),
        ("a@-c.d", "identity.text invalid"),
        ("@c.d", "identity.text invalid"),
        ("none", "identity.text invalid"),
    ];
    for (value, expect) in rows {
        assert_eq!(key(IdentifierKind::Email, value, None), expect, "{value}");
    }
}

#[test]
fn scopes_are_asked_for_and_kept_apart() {
    let openid = |scope: Option<&str>, value: &str| identifier(IdentifierKind::WxOpenid, scope, value).key(None);
    assert_eq!(openid(Some("wxapp1"), "oABC").unwrap().as_str(), "wx_openid:wxapp1:oABC");
    assert_ne!(openid(Some("a:b"), "c").unwrap(), openid(Some("a"), "b:c").unwrap());
    assert_eq!(openid(None, "oABC").unwrap_err().details()["field"], "scope");
    let scoped_phone = identifier(IdentifierKind::Phone, Some("shop"), "13800138000").key(Some("CN"));
    assert_eq!(scoped_phone.unwrap_err().details()["field"], "scope");
    assert_eq!(key(IdentifierKind::TbNick, "t**1", None), "identity.text masked");
    assert_eq!(key(IdentifierKind::MemberNo, " ００１２ ", None), "member_no:0012");
    assert_eq!(key(IdentifierKind::MemberNo, "a\u{0}b", None), "identity.text invalid");
    for kind in IdentifierKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
}

#[test]
fn keys_travel_as_text_and_cbor() {
    let key = identifier(IdentifierKind::Email, None, "A@B.c").key(None).unwrap();
    let text = serde_json::to_string(&key).unwrap();
    assert_eq!(text, "\"email:a@b.c\"");
    assert_eq!(serde_json::from_str::<IdentityKey>(&text).unwrap(), key);
    assert_eq!(minicbor::decode::<IdentityKey>(&minicbor::to_vec(&key).unwrap()).unwrap(), key);
    assert!(IdentityKey::parse("fax:1").is_err());
}

proptest! {
    /// A key made from the value of a key is the same key: normal forms are fixed points.
    /// To break it: leave the second NFKC out of `email`.
    #[test]
    fn normal_forms_are_fixed_points(text in "\\PC{0,40}", mail in "[a-zA-ZÀ-ɏJİﬀ\u{30c}]{1,12}@[a-zA-Z]{1,8}\\.com") {
        for kind in [IdentifierKind::Phone, IdentifierKind::MemberNo, IdentifierKind::Email] {
            for value in [&text, &mail] {
                if let Ok(first) = identifier(kind, None, value).key(Some("CN")) {
                    let normal = first.as_str().split_once(':').unwrap().1;
                    prop_assert_eq!(identifier(kind, None, normal).key(Some("CN")).unwrap(), first);
                }
            }
        }
    }

    /// Decoration never changes whose number it is.
    /// To break it: drop a character from `is_decoration`.
    #[test]
    fn decoration_changes_nothing(tail in 10_000_000u32..99_999_999, at in 1usize..11, mark in "[-.() \u{a0}\u{2011}\u{200b}]{1,3}") {
        let plain = format!("139{tail}");
        let (head, rest) = plain.split_at(at);
        let written = format!("{head}{mark}{rest}");
        prop_assert_eq!(key(IdentifierKind::Phone, &written, Some("CN")), key(IdentifierKind::Phone, &plain, Some("CN")));
    }
}
