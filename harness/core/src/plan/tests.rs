//! What a case changes in the base request.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use crate::fixture::{Case, CaseFile, read};
use crate::http::Framing;
use crate::plan::{Absent, KeyNames, PlanError, Planned, World, plan, render};
use crate::test_support::CORPUS;

fn world() -> World {
    let key = KeyNames::of("k-1", "arn:aws:kms:us-east-2:111122223333:key/k-1".parse().unwrap());
    World { key: Some(key), absent: Absent { id: "absent-1".into() }, host: "localhost:1".into(), ..World::default() }
}

fn case(request: &str) -> Case {
    let text = format!(
        "[group]\nname = \"a\"\ntitle = \"a\"\n[[case]]\nid = \"a/b\"\ntitle = \"a\"\nclauses = []\nsupports = []\n\
         level = \"must\"\ndanger = \"none\"\nprecondition = \"none\"\nexpect = []\nrequest = {request}\n"
    );
    read::<CaseFile>(&text).unwrap().cases.remove(0)
}

fn planned(request: &str) -> Planned {
    plan(&CORPUS.operation, &case(request).request, &world()).unwrap()
}

/// The header lines, in order.
fn lines(planned: &Planned) -> Vec<String> {
    let dressed = planned.dress(planned.request.clone());
    dressed.headers.iter().map(|header| format!("{}: {}", header.name, header.text())).collect()
}

const TARGET: &str = "X-Amz-Target: TrentService.DeleteImportedKeyMaterial";
const TYPE: &str = "Content-Type: application/x-amz-json-1.1";

#[test]
fn without_changes_it_is_the_page_s_example() {
    let planned = planned("{}");
    assert_eq!((planned.request.method.as_str(), planned.request.target.as_str()), ("POST", "/"));
    assert_eq!(planned.request.body, br#"{"KeyId":"k-1"}"#);
    assert_eq!(planned.request.framing, Framing::ContentLength);
    assert_eq!(lines(&planned), ["Host: localhost:1", "Content-Length: 15", TARGET, TYPE]);
    assert_eq!(planned.times, 1);
    let absent = plan(&CORPUS.operation, &case("{}").request, &World { key: None, ..world() }).unwrap();
    assert_eq!(absent.request.body, br#"{"KeyId":"absent-1"}"#);
}

#[test]
fn a_body_is_text_hex_or_a_key_id() {
    for (request, expected) in [
        (r#"{ key-id = "{{ key.arn }}" }"#, &br#"{"KeyId":"arn:aws:kms:us-east-2:111122223333:key/k-1"}"#[..]),
        (r#"{ body = "[{{ key.id | upper }}]" }"#, b"[K-1]"),
        (r#"{ body-hex = "ff 00\n7b" }"#, b"\xff\x00{"),
        (r#"{ body = "" }"#, b""),
    ] {
        assert_eq!(planned(request).request.body, expected, "{request}");
    }
    assert!(matches!(
        plan(&CORPUS.operation, &case(r#"{ body-hex = "f" }"#).request, &world()),
        Err(PlanError::Hex(_))
    ));
}

#[test]
fn framing_says_so_in_its_header() {
    let host = "Host: localhost:1";
    for (word, framing, expected) in [
        ("chunked", Framing::Chunked, vec![host, "Transfer-Encoding: chunked", TARGET, TYPE]),
        ("absent", Framing::Absent, vec![host, TARGET, TYPE]),
        ("stated:49", Framing::Stated(49), vec![host, "Content-Length: 49", TARGET, TYPE]),
    ] {
        let planned = planned(&format!("{{ framing = \"{word}\" }}"));
        assert_eq!(planned.request.framing, framing);
        assert_eq!(lines(&planned), expected);
    }
}

#[test]
fn headers_are_removed_then_set_then_added() {
    let planned = planned(
        r#"{ method = "PUT", target = "/{{ key.id }}", remove = ["content-length", "host"], set = { X-Amz-Target = "{{ key.id }}" }, add = [["A", "{{ absent.id }}"], ["A", "2"]], connection = "close", times = 3 }"#,
    );
    assert_eq!((planned.request.method.as_str(), planned.request.target.as_str()), ("PUT", "/k-1"));
    assert_eq!(lines(&planned), ["X-Amz-Target: k-1", TYPE, "A: absent-1", "A: 2", "Connection: close"]);
    assert_eq!(planned.times, 3);
}

#[test]
fn order_and_case_are_of_the_dressed_lines() {
    let change = r#"remove = ["Host", "Content-Length"], unsigned = [["X-U", "{{ key.id }}"]]"#;
    for (more, expected) in [
        ("", vec![TARGET, TYPE, "X-U: k-1"]),
        (", order = \"reversed\"", vec!["X-U: k-1", TYPE, TARGET]),
        (
            ", name-case = \"upper\"",
            vec![
                "X-AMZ-TARGET: TrentService.DeleteImportedKeyMaterial",
                "CONTENT-TYPE: application/x-amz-json-1.1",
                "X-U: k-1",
            ],
        ),
        (
            ", name-case = \"lower\"",
            vec![
                "x-amz-target: TrentService.DeleteImportedKeyMaterial",
                "content-type: application/x-amz-json-1.1",
                "x-u: k-1",
            ],
        ),
    ] {
        assert_eq!(lines(&planned(&format!("{{ {change}{more} }}"))), expected, "{more}");
    }
}

#[test]
fn a_template_renders_strictly() {
    let world = world();
    for (template, expected) in [
        ("plain", "plain"),
        ("{# not ours %}", "{# not ours %}"),
        ("{{ key.id }}\n", "k-1\n"),
        ("{{ key.arn | replace('arn:aws:kms:us-east-2:111122223333:', '') | upper }}", "KEY/K-1"),
        ("{{ 'A' | lower }}", "a"),
    ] {
        assert_eq!(render(template, &world).unwrap(), expected);
    }
    for (template, unknown) in [
        ("{{ account }}", "account"),
        ("{{ key.id }}{{ other.id }}", "other.id"),
        (r#"{"KeyMaterialId":"{{ key.material_id | replace('key.id', '') | upper }}"}"#, "key.material_id"),
        ("{{ 'x' * 2 }} {{ key.new_material_id }}", "key.new_material_id"),
    ] {
        let error = render(template, &world).unwrap_err();
        assert!(matches!(&error, PlanError::Unknown { name, .. } if name == unknown), "{template}: {error}");
    }
    assert!(matches!(render("{{ key.id", &world), Err(PlanError::Template { .. })));
}
