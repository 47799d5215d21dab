//! What `serve --explain-signature` says of a real client that signs wrongly on purpose: the AWS SDK for Rust.

use crate::support::config;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_kms::config::{BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RuntimeComponents};
use aws_sdk_kms::error::{BoxError, ProvideErrorMetadata};
use std::sync::Mutex;
use trentcheck_core::fixture::Edition;
use trentcheck_reference::{Config, Server};

static EXPLAINED: Mutex<String> = Mutex::new(String::new());

fn explained(text: &str) {
    text.clone_into(&mut EXPLAINED.lock().unwrap());
}

/// Changes the body after it was signed.
#[derive(Debug)]
struct LaysOut;

impl Intercept for LaysOut {
    fn name(&self) -> &'static str {
        "LaysOut"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let value: serde_json::Value = serde_json::from_slice(context.request().body().bytes().unwrap_or_default())?;
        let text = serde_json::to_string_pretty(&value)?;
        context.request_mut().headers_mut().insert("content-length", text.len().to_string());
        *context.request_mut().body_mut() = text.into();
        Ok(())
    }
}

#[tokio::test]
async fn the_sdk_for_rust_is_told_what_it_signs_wrongly() {
    const SECRET: &str = "trentcheck-dummy-secret-primary";
    let server = Server::start(Config { explain: Some(explained), ..config(Edition::KeyOnly) }).await.unwrap();
    for (secret, region, is_laid_out, error, expected) in [
        (SECRET, "us-east-2", false, "NotFoundException", ""),
        (
            "trentcheck-dummy-secret-primary\n",
            "us-east-2",
            false,
            "InvalidSignatureException",
            "its secret has a line end",
        ),
        (
            "trentcheck-dummy-secret-stranger",
            "us-east-2",
            false,
            "InvalidSignatureException",
            "the principal `stranger`",
        ),
        (SECRET, "eu-west-1", false, "InvalidSignatureException", "signer 2"),
        (SECRET, "us-east-2", true, "InvalidSignatureException", "same JSON written without white space"),
    ] {
        explained("");
        let builder = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .endpoint_url(format!("http://{}", server.address()))
            .credentials_provider(Credentials::new("AKIDTRENTCHECK000001", secret, None, None, "tests"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(aws_sdk_kms::config::retry::RetryConfig::disabled());
        let builder = if is_laid_out { builder.interceptor(LaysOut) } else { builder };
        let client = Client::from_conf(builder.build());
        let refused = client.describe_key().key_id("1234abcd-12ab-34cd-56ef-1234567890ab").send().await.unwrap_err();
        assert_eq!(refused.code(), Some(error), "{expected}");
        let text = EXPLAINED.lock().unwrap().clone();
        assert!(text.contains(expected) && text.is_empty() == expected.is_empty(), "{expected}: {text}");
        assert!(!text.contains("dummy-secret"), "{text}");
    }
    server.stop().await;
}
