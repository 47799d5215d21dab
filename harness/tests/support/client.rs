//! A real client of the reference: the AWS SDK for Rust.

use aws_sdk_kms::Client;
use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{AlgorithmSpec, ExpirationModelType, KeyState, WrappingKeySpec};
use trentcheck_reference::Server;

/// The client of a principal.
pub(crate) fn client_of(server: &Server, principal: &str) -> Client {
    let principal = server.config().principals.iter().find(|known| known.name == principal).unwrap();
    let credentials = Credentials::new(
        &principal.access_key_id,
        &principal.secret_access_key,
        principal.session_token.clone(),
        None,
        "tests",
    );
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-2"))
        .endpoint_url(format!("http://{}", server.address()))
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(aws_sdk_kms::config::retry::RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// Imports this material into a key.
pub(crate) async fn import(client: &Client, key_id: &str, material: &[u8]) {
    let parameters = client
        .get_parameters_for_import()
        .key_id(key_id)
        .wrapping_algorithm(AlgorithmSpec::RsaesOaepSha256)
        .wrapping_key_spec(WrappingKeySpec::Rsa2048)
        .send()
        .await
        .unwrap();
    let wrapped = trentcheck_core::run::wrap(material, parameters.public_key().unwrap().as_ref()).unwrap();
    client
        .import_key_material()
        .key_id(key_id)
        .import_token(parameters.import_token().unwrap().clone())
        .encrypted_key_material(Blob::new(wrapped))
        .expiration_model(ExpirationModelType::KeyMaterialDoesNotExpire)
        .send()
        .await
        .unwrap();
}

/// The state of a key.
pub(crate) async fn state(client: &Client, key_id: &str) -> KeyState {
    let described = client.describe_key().key_id(key_id).send().await.unwrap();
    described.key_metadata().unwrap().key_state().unwrap().clone()
}

/// The ids and states of all keys.
pub(crate) async fn keys(client: &Client) -> Vec<(String, KeyState)> {
    let mut found = Vec::new();
    let mut pages = client.list_keys().into_paginator().items().send();
    while let Some(key) = pages.next().await {
        let id = key.unwrap().key_id.unwrap();
        let state = client.describe_key().key_id(&id).send().await.unwrap().key_metadata.unwrap().key_state.unwrap();
        found.push((id, state));
    }
    found
}
