//! The reference speaks to a real client: the AWS SDK for Rust drives the lifecycle and decodes every error.

use crate::support::client::{client_of, import, state};
use crate::support::config;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeyState, OriginType};
use aws_sdk_kms::{Client, operation::delete_imported_key_material::DeleteImportedKeyMaterialError as DeleteError};
use trentcheck_core::fixture::Edition;
use trentcheck_reference::{Config, Server};

async fn client(edition: Edition, principal: &str) -> (Server, Client) {
    let server = Server::start(Config { ..config(edition) }).await.unwrap();
    let client = client_of(&server, principal);
    (server, client)
}

#[tokio::test]
async fn the_sdk_drives_the_whole_lifecycle() {
    for edition in Edition::ALL {
        let (_server, client) = client(edition, "session").await;
        let created = client.create_key().origin(OriginType::External).send().await.unwrap();
        let key_id = created.key_metadata().unwrap().key_id().to_owned();
        assert_eq!(state(&client, &key_id).await, KeyState::PendingImport);
        import(&client, &key_id, &[7; 32]).await;
        assert_eq!(state(&client, &key_id).await, KeyState::Enabled);
        let sealed = client.encrypt().key_id(&key_id).plaintext(Blob::new("text")).send().await.unwrap();
        let deleted = client.delete_imported_key_material().key_id(&key_id).send().await.unwrap();
        assert_eq!(deleted.key_id().is_some(), edition == Edition::KeyMaterialId);
        assert_eq!(state(&client, &key_id).await, KeyState::PendingImport);
        import(&client, &key_id, &[7; 32]).await;
        let opened = client.decrypt().ciphertext_blob(sealed.ciphertext_blob().unwrap().clone()).send().await.unwrap();
        assert_eq!(opened.plaintext().unwrap().as_ref(), b"text");
        client.schedule_key_deletion().key_id(&key_id).pending_window_in_days(7).send().await.unwrap();
        client.delete_imported_key_material().key_id(&key_id).send().await.unwrap();
        assert_eq!(state(&client, &key_id).await, KeyState::PendingDeletion);
    }
}

async fn refused(client: &Client, key_id: &str) -> (u16, DeleteError) {
    match client.delete_imported_key_material().key_id(key_id).send().await {
        Err(SdkError::ServiceError(error)) => (error.raw().status().as_u16(), error.into_err()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_sdk_decodes_every_error_to_its_type() {
    let (server, client) = client(Edition::KeyOnly, "primary").await;
    let seed = |name: &str| server.config().seeds.iter().find(|seed| seed.name == name).unwrap().key_id.clone();
    let absent = "1234abcd-12ab-34cd-56ef-1234567890ab";
    assert!(matches!(refused(&client, absent).await, (400, DeleteError::NotFoundException(_))));
    assert!(matches!(refused(&client, "alias/some").await, (400, DeleteError::InvalidArnException(_))));
    let ours = client.create_key().send().await.unwrap();
    let ours = ours.key_metadata().unwrap().key_id().to_owned();
    assert!(matches!(refused(&client, &ours).await, (400, DeleteError::UnsupportedOperationException(_))));
    assert!(matches!(refused(&client, &seed("creating")).await, (400, DeleteError::KmsInvalidStateException(_))));
    let timeout = refused(&client, &seed("fault-dependency-timeout")).await;
    assert!(matches!(timeout, (500, DeleteError::DependencyTimeoutException(_))));
    assert!(matches!(refused(&client, &seed("fault-internal")).await, (500, DeleteError::KmsInternalException(_))));
    for (principal, key_id, code) in [
        ("denied", ours.as_str(), "AccessDeniedException"),
        ("expired", ours.as_str(), "ExpiredTokenException"),
        ("primary", "", "ValidationException"),
        ("primary", &seed("throttled"), "ThrottlingException"),
    ] {
        let (status, error) = refused(&client_of(&server, principal), key_id).await;
        assert_eq!((status, error.code()), (400, Some(code)));
    }
}
