//! How requests name keys, and the checks before the signature.

use super::operations::{Client, with_material};
use crate::config::Config;
use crate::edition::Edition;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_key_is_found_by_id_and_arn_and_where_aliases_are_accepted_by_alias() {
    let (client, id) = with_material(Edition::KeyOnly).await;
    let alias = "alias/test";
    client.send("CreateAlias", &json!({ "AliasName": alias, "TargetKeyId": id })).await;
    let arn = |resource: &str| format!("arn:aws:kms:us-east-2:111122223333:{resource}");
    let named = [id.clone(), arn(&format!("key/{id}")), alias.to_owned(), arn(alias)];
    for (number, value) in named.iter().enumerate() {
        let described = client.send("DescribeKey", &json!({ "KeyId": value })).await;
        assert_eq!(described.json()["KeyMetadata"]["KeyId"], id, "{value}: {}", described.body);
        let deleted = client.send("DeleteImportedKeyMaterial", &json!({ "KeyId": value })).await;
        match number {
            0 | 1 => assert_eq!(deleted.status, 200, "{value}"),
            _ => assert_eq!(deleted.error(), "InvalidArnException", "{value}"),
        }
    }
}

#[tokio::test]
async fn the_error_for_a_value_that_names_no_key_depends_on_its_form() {
    let (client, id) = with_material(Edition::KeyOnly).await;
    let key = format!("key/{id}");
    let (not_found, invalid) = ("NotFoundException", "InvalidArnException");
    for (value, error) in [
        ("1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(), not_found),
        ("mrk-1234abcd12ab34cd56ef1234567890ab".to_owned(), not_found),
        (id.to_uppercase(), not_found),
        (id.replace('-', ""), not_found),
        (format!("{id}-"), not_found),
        (key.clone(), not_found),
        ("alias/absent".to_owned(), not_found),
        (format!("arn:aws:kms:us-east-2:111122223333:alias/{id}"), not_found),
        (format!("arn:aws:kms:us-west-2:111122223333:{key}"), not_found),
        (format!("arn:aws-cn:kms:us-east-2:111122223333:{key}"), invalid),
        (format!("arn:aws:s3:us-east-2:111122223333:{key}"), invalid),
        (format!("arn:aws:kms:us-east-2:111122223333:{id}"), invalid),
        (format!("arn:aws:kms:us-east-2:{key}"), invalid),
        (format!("arn:aws:kms:us-east-2:444455556666:{key}"), "AccessDeniedException"),
    ] {
        let refused = client.send("DescribeKey", &json!({ "KeyId": value })).await;
        assert_eq!((refused.status, refused.error().as_str()), (400, error), "{value}: {}", refused.body);
    }
    // The message tells a value without the form of a key id from an id that no key has.
    for (value, message) in [
        (id.to_uppercase(), "does not exist"),
        ("foo".to_owned(), "Invalid keyId 'foo'"),
        ("arn:aws:kms:us-east-2:111122223333:key/foo".to_owned(), "Invalid keyId foo"),
        ("arn:aws:kms:us-west-2:111122223333:key/foo".to_owned(), "Invalid arn us-west-2"),
        ("arn:aws:kms:us-west-2:111122223333:alias/foo".to_owned(), "Invalid arn us-west-2"),
        (format!("{}g", &id[..35]), "Invalid keyId '"),
        (format!("mrk-{}", &id[..32]), "Invalid keyId '"),
        ("mrk-1234abcd".to_owned(), "Invalid keyId '"),
        ("mrk-1234abcd12ab34cd56ef1234567890ab".to_owned(), "does not exist"),
        ("1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(), "does not exist"),
    ] {
        let refused = client.send("DescribeKey", &json!({ "KeyId": value })).await;
        assert!(refused.body.contains(message), "{value}: {}", refused.body);
        // The case of the letters is kept.
        assert!(!message.ends_with("exist") || refused.body.contains(&value), "{value}: {}", refused.body);
    }
}

#[tokio::test]
async fn a_key_id_that_breaks_constraints_is_refused_with_every_one_of_them() {
    let client = Client::new(Edition::KeyOnly).await;
    let detected = |number: &str, violations: &[&str]| {
        let texts: Vec<String> =
            violations.iter().map(|violation| violation.replace("; ", " failed to satisfy constraint: ")).collect();
        format!("{number} detected: {}", texts.join("; "))
    };
    let pattern = "Member must satisfy regular expression pattern: ^\\p{ASCII}+$";
    for (members, message) in [
        (json!({}), detected("1 validation error", &["Value null at 'keyId'; Member must not be null"])),
        (
            json!({ "KeyId": "" }),
            detected(
                "2 validation errors",
                &[
                    "Value '' at 'keyId'; Member must have length greater than or equal to 1",
                    &format!("Value '' at 'keyId'; {pattern}"),
                ],
            ),
        ),
        (json!({ "KeyId": "ä" }), detected("1 validation error", &[&format!("Value 'ä' at 'keyId'; {pattern}")])),
    ] {
        for operation in ["DescribeKey", "GetPublicKey", "ScheduleKeyDeletion", "DeleteImportedKeyMaterial"] {
            let refused = client.send(operation, &members).await;
            assert_eq!(refused.error(), "ValidationException", "{operation}");
            assert_eq!(refused.json()["message"], message.as_str(), "{operation}");
        }
    }
}

#[tokio::test]
async fn an_alias_is_refused_before_it_is_looked_up() {
    let client = Client::new(Edition::KeyMaterialId).await;
    for operation in [
        "DeleteImportedKeyMaterial",
        "DisableKeyRotation",
        "EnableKeyRotation",
        "ListKeyRotations",
        "ReplicateKey",
        "RotateKeyOnDemand",
    ] {
        for alias in ["alias/absent", "arn:aws:kms:us-east-2:111122223333:alias/absent"] {
            let refused = client.send(operation, &json!({ "KeyId": alias, "ReplicaRegion": "us-west-2" })).await;
            assert_eq!(refused.error(), "InvalidArnException", "{operation} {alias}");
            assert!(refused.body.contains("Key Aliases are not supported for this operation."), "{}", refused.body);
        }
    }
}

#[tokio::test]
async fn a_list_continues_at_its_marker() {
    let client = Client::of(Config { seeds: Vec::new(), ..Config::default() }).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(client.key(json!({})).await);
    }
    ids.sort();
    let mut members = json!({ "Limit": 2 });
    let mut listed = Vec::new();
    for (truncated, count) in [(true, 2), (false, 1)] {
        let page = client.send("ListKeys", &members).await.json();
        assert_eq!(page["Truncated"], truncated);
        let keys = page["Keys"].as_array().unwrap();
        assert_eq!(keys.len(), count);
        listed.extend(keys.iter().map(|key| key["KeyId"].as_str().unwrap().to_owned()));
        assert_eq!(page.get("NextMarker").is_some(), truncated);
        members = json!({ "Limit": 2, "Marker": page.get("NextMarker").cloned().unwrap_or(Value::Null) });
    }
    assert_eq!(listed, ids);
    for (members, error) in [
        (json!({ "Limit": 0 }), "ValidationException"),
        (json!({ "Limit": 1001 }), "ValidationException"),
        (json!({ "Marker": "nowhere" }), "InvalidMarkerException"),
    ] {
        assert_eq!(client.send("ListKeys", &members).await.error(), error, "{members}");
    }
    for limit in [1, 1000] {
        assert_eq!(client.send("ListKeys", &json!({ "Limit": limit })).await.status, 200);
    }
    // ListKeys does not show the keys of another account.
    let stranger = client.send_as(3, "ListKeys", "{}").await;
    assert_eq!(stranger.json()["Keys"], json!([]));
}

#[tokio::test]
async fn every_third_answer_is_throttled_and_no_other() {
    let client = Client::of(Config { throttle_every: Some(3), ..Config::default() }).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(client.send("ListKeys", &json!({})).await.status);
    }
    assert_eq!(statuses, [200, 200, 400, 200, 200, 400]);
}

#[tokio::test]
async fn a_request_of_another_protocol_is_refused_before_any_other_check() {
    let client = Client::new(Edition::KeyOnly).await;
    let address = client.server.address();
    let answer = async |line: &str, media_type: &str, target: &str| {
        let text = format!(
            "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{media_type}{target}content-length: 2\r\n\r\n{{}}"
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let json = "content-type: application/x-amz-json-1.1\r\n";
    let lists = "x-amz-target: TrentService.ListKeys\r\n";
    for (line, media_type) in [
        ("POST /keys", json),
        ("GET /", json),
        ("PUT /", json),
        ("POST /", ""),
        ("POST /", "content-type: text/plain\r\n"),
        ("POST /", "content-type: application/x-amz-json-1.0\r\n"),
    ] {
        let refused = answer(line, media_type, lists).await;
        assert!(refused.starts_with("HTTP/1.1 404 "), "{line} {media_type}: {refused}");
        assert!(refused.ends_with("<UnknownOperationException/>\n"), "{line} {media_type}: {refused}");
    }
    for target in ["", "x-amz-target: ListKeys\r\n", "x-amz-target: TrentService.listKeys\r\n", &lists.repeat(2)] {
        let refused = answer("POST /", json, target).await;
        assert!(refused.ends_with(r#"{"__type":"UnknownOperationException"}"#), "{target}: {refused}");
    }
    // Parameters and upper case in the media type are accepted, so that the signature is checked next.
    for media_type in [json, "content-type: Application/X-Amz-Json-1.1; charset=utf-8\r\n"] {
        let refused = answer("POST /", media_type, lists).await;
        assert!(refused.contains("MissingAuthenticationTokenException"), "{refused}");
    }
}
