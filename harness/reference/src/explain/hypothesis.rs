//! Mistakes that signers make. Each is tried: if it leads to the signature that was sent, it is the mistake.

use super::draft::{Chain, Draft, Hashed, Spelling, Step, hash};
use crate::canonical::{squeezed, unescaped_path};
use crate::config::Principal;
use crate::request::Incoming;

/// What is known of a request whose signature is wrong.
pub(super) struct Known<'a> {
    pub(super) request: &'a Incoming,
    /// The headers that the client says it signed, in the order of its list.
    pub(super) signed_headers: &'a [String],
    pub(super) principals: &'a [Principal],
    /// The Regions of the server.
    pub(super) regions: &'a [String],
    pub(super) is_query: bool,
}

/// A mistake that a signer may have made, applied to a draft.
#[derive(Clone)]
pub(super) struct Hypothesis {
    pub(super) step: Step,
    /// The mistake, in a sentence about the signer.
    pub(super) sentence: String,
    pub(super) draft: Draft,
}

/// Every mistake that changes this draft.
pub(super) fn hypotheses(known: &Known<'_>, right: &Draft) -> Vec<Hypothesis> {
    let mut all = Collected { right, found: Vec::new() };
    body(known, &mut all);
    headers(known, &mut all);
    line_and_query(known, &mut all);
    string_to_sign(known, &mut all);
    key(known, &mut all);
    spelling(&mut all);
    all.found
}

struct Collected<'a> {
    right: &'a Draft,
    found: Vec<Hypothesis>,
}

impl Collected<'_> {
    fn add(&mut self, step: Step, sentence: impl Into<String>, change: impl FnOnce(&mut Draft)) {
        let mut draft = self.right.clone();
        change(&mut draft);
        self.found.push(Hypothesis { step, sentence: sentence.into(), draft });
    }
}

fn body(known: &Known<'_>, all: &mut Collected<'_>) {
    const STEP: Step = Step::CanonicalRequest;
    let Incoming { body, .. } = known.request;
    for value in known.request.values("x-amz-content-sha256") {
        let value = value.trim().to_owned();
        all.add(
            STEP,
            "it signs what X-Amz-Content-Sha256 says, which is not the hash of the body that was sent",
            |draft| {
                draft.payload = value;
            },
        );
    }
    all.add(STEP, "it signs UNSIGNED-PAYLOAD in place of the hash of the body", |draft| {
        draft.payload = "UNSIGNED-PAYLOAD".to_owned();
    });
    all.add(STEP, "it writes the hash of the body in capitals", |draft| draft.payload = draft.payload.to_uppercase());
    all.add(STEP, "it signs the body itself in place of its hash", |draft| {
        draft.payload = String::from_utf8_lossy(body).into_owned();
    });
    // A signer that signs Content-Length too has signed the length of the body that it knew.
    let is_length_signed = all.right.headers.iter().any(|(name, _)| name == "content-length");
    let mut of_other = |sentence: String, other: &[u8]| {
        all.add(STEP, sentence.clone(), |draft| draft.payload = hash(other));
        if is_length_signed && other.len() != body.len() {
            all.add(STEP, format!("{sentence}; it signs that length too"), |draft| {
                draft.payload = hash(other);
                let lengths = draft.headers.iter_mut().filter(|(name, _)| name == "content-length");
                lengths.for_each(|(_, value)| *value = other.len().to_string());
            });
        }
    };
    of_other("it signs the hash of an empty body".to_owned(), b"");
    let trimmed = body.trim_ascii();
    if trimmed != body.as_slice() {
        of_other("it signs the hash of the body without the white space around it".to_owned(), trimmed);
    }
    for (end, name) in [("\n", "a line end"), ("\r\n", "a line end (CR LF)"), ("\0", "a zero byte")] {
        let longer = [body.as_slice(), end.as_bytes()].concat();
        of_other(format!("it signs the hash of the body with {name} after it"), &longer);
    }
    // What a serialiser makes of the same JSON, before or after the signature.
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) {
        let spaced = serde_json::to_string_pretty(&value).unwrap_or_default();
        for (text, how) in [(value.to_string(), "without white space"), (spaced, "laid out over several lines")] {
            let sentence = format!("it signs the hash of the same JSON written {how}, and sends it otherwise");
            of_other(sentence, text.as_bytes());
        }
    }
}

fn headers(known: &Known<'_>, all: &mut Collected<'_>) {
    const STEP: Step = Step::CanonicalRequest;
    let raw = |name: &str, join: &str| known.request.values(name).collect::<Vec<_>>().join(join);
    all.add(STEP, "it does not fold the white space inside the values of headers", |draft| {
        draft.headers.iter_mut().for_each(|(name, value)| *value = raw(name, ",").trim().to_owned());
    });
    all.add(STEP, "it joins the values of a header that comes twice with `, ` in place of `,`", |draft| {
        draft.headers.iter_mut().for_each(|(name, value)| *value = raw(name, ", "));
    });
    all.add(STEP, "it writes a blank after the colon of each header", |draft| {
        draft.headers.iter_mut().for_each(|(_, value)| *value = format!(" {value}"));
    });
    all.add(STEP, "it writes the values of headers in small letters", |draft| {
        draft.headers.iter_mut().for_each(|(_, value)| *value = value.to_lowercase());
    });
    all.add(STEP, "it sorts the headers, and lists their names in another order", |draft| draft.headers.sort());
    all.add(STEP, "it signs the names of the headers sorted, and lists them in another order", |draft| {
        draft.headers.sort();
        let names: Vec<&str> = draft.headers.iter().map(|(name, _)| name.as_str()).collect();
        draft.names = names.join(";");
    });
    all.add(STEP, "it leaves out the empty line between the headers and their names", |draft| draft.gap = "");
    all.add(STEP, "it writes two empty lines between the headers and their names", |draft| draft.gap = "\n\n");
    all.add(STEP, "it joins the names of the headers with `,` in place of `;`", |draft| {
        draft.names = draft.names.replace(';', ",");
    });
    let lower: Vec<String> = known.signed_headers.iter().map(|name| name.to_lowercase()).collect();
    if lower != known.signed_headers {
        let folded = |name: &str| known.request.values(name).map(squeezed).collect::<Vec<_>>().join(",");
        let values: Vec<(String, String)> = lower.iter().map(|name| (name.clone(), folded(name))).collect();
        all.add(STEP, "it lists the names of the headers in capitals and signs them in small letters", |draft| {
            (draft.headers, draft.names) = (values.clone(), lower.join(";"));
        });
        all.add(STEP, "it does not write the names of the headers in small letters", |draft| {
            draft.headers =
                known.signed_headers.iter().cloned().zip(values.into_iter().map(|(_, value)| value)).collect();
        });
    }
    let host = raw("host", ",");
    let (name, port) = host.rsplit_once(':').unwrap_or((&host, ""));
    let mut hosts = vec![(format!("{name}:80"), "with the port 80"), (format!("{name}:443"), "with the port 443")];
    if !port.is_empty() {
        hosts.push((name.to_owned(), "without its port"));
    }
    hosts.extend(known.regions.iter().map(|region| (format!("kms.{region}.amazonaws.com"), "of AWS KMS")));
    hosts.push((format!("localhost:{port}"), "as `localhost`"));
    for (other, how) in hosts {
        all.add(STEP, format!("it signs the host {how}: `{other}`, and sends `{host}`"), |draft| {
            draft.headers.iter_mut().filter(|(name, _)| name == "host").for_each(|(_, value)| value.clone_from(&other));
        });
    }
    // A header that is listed and not signed, or the other way round.
    for (place, (name, _)) in all.right.headers.clone().into_iter().enumerate() {
        let names = known.signed_headers.iter().filter(|other| **other != name).cloned().collect::<Vec<_>>().join(";");
        all.add(STEP, format!("it lists `{name}` as signed and signs without it"), |draft| {
            draft.headers.remove(place);
            draft.names = names;
        });
        all.add(STEP, format!("it lists `{name}` as signed and signs without its line"), |draft| {
            draft.headers.remove(place);
        });
        all.add(STEP, format!("it signs `{name}` with an empty value"), |draft| {
            draft.headers[place].1.clear();
        });
    }
    let mut others: Vec<&String> = known.request.headers.iter().map(|(name, _)| name).collect();
    others.sort();
    others.dedup();
    for name in others.into_iter().filter(|name| !known.signed_headers.contains(name) && *name != "authorization") {
        let value = raw(name, ",");
        all.add(STEP, format!("it signs `{name}` and does not list it"), |draft| {
            draft.headers.push((name.clone(), value));
            draft.headers.sort();
            let names: Vec<&str> = draft.headers.iter().map(|(name, _)| name.as_str()).collect();
            draft.names = names.join(";");
        });
    }
}

fn line_and_query(known: &Known<'_>, all: &mut Collected<'_>) {
    const STEP: Step = Step::CanonicalRequest;
    let Incoming { path, query, .. } = known.request;
    all.add(STEP, "it writes the method in small letters", |draft| draft.method = draft.method.to_lowercase());
    for method in ["GET", "PUT"] {
        all.add(STEP, format!("it signs the method {method}"), |draft| draft.method = method.to_owned());
    }
    all.add(STEP, "it signs an empty path in place of `/`", |draft| draft.path.clear());
    all.add(STEP, "it signs the path as it was sent, neither normalised nor encoded again", |draft| {
        draft.path.clone_from(path);
    });
    all.add(STEP, "it encodes the path a third time", |draft| draft.path = draft.path.replace('%', "%25"));
    all.add(STEP, "it signs the path decoded", |draft| draft.path = unescaped_path(path));
    if !query.is_empty() {
        all.add(STEP, "it signs no query", |draft| draft.query.clear());
        all.add(STEP, "it signs the query as it was sent, neither sorted nor encoded", |draft| {
            draft.query.clone_from(query)
        });
        all.add(STEP, "it encodes the query twice", |draft| draft.query = draft.query.replace('%', "%25"));
        let without = |name: &str, query: &str| {
            let starts = format!("{name}=");
            query.split('&').filter(|pair| !pair.starts_with(&starts)).collect::<Vec<_>>().join("&")
        };
        all.add(STEP, "it signs the query without X-Amz-Security-Token", |draft| {
            draft.query = without("X-Amz-Security-Token", &draft.query);
        });
        if known.is_query {
            all.add(STEP, "it signs UNSIGNED-PAYLOAD, as a presigned URL of S3 does", |draft| {
                draft.payload = "UNSIGNED-PAYLOAD".to_owned();
            });
            all.add(STEP, "it signs the query with an empty X-Amz-Signature in it", |draft| {
                let mut pairs: Vec<&str> = draft.query.split('&').chain(["X-Amz-Signature="]).collect();
                pairs.sort_unstable();
                draft.query = pairs.join("&");
            });
        }
    }
}

/// Services that a client may take KMS for.
const SERVICES: [&str; 4] = ["TrentService", "KMS", "s3", "execute-api"];

fn string_to_sign(known: &Known<'_>, all: &mut Collected<'_>) {
    const STEP: Step = Step::StringToSign;
    all.add(STEP, "it writes the hash of the canonical request in capitals", |draft| draft.hashed = Hashed::Upper);
    all.add(STEP, "it signs the canonical request itself in place of its hash", |draft| draft.hashed = Hashed::Whole);
    all.add(STEP, "it signs the date without the time", |draft| draft.date_time.truncate(8));
    for name in ["x-amz-date", "date"] {
        for value in known.request.values(name) {
            let value = value.trim().to_owned();
            all.add(STEP, format!("it signs the date of the header `{name}`"), |draft| draft.date_time = value);
        }
    }
    all.add(STEP, "it writes the scope with the access key id before it", |draft| {
        let id = known
            .request
            .values("authorization")
            .find_map(|value| value.split_once("Credential=")?.1.split('/').next());
        draft.scope = format!("{}/{}", id.unwrap_or_default(), draft.scope);
    });
    let [date, region, service, terminator] = all.right.key_parts.as_slice() else { return };
    let part = |number: usize, other: &str| {
        let mut parts = all.right.key_parts.clone();
        other.clone_into(&mut parts[number]);
        parts.join("/")
    };
    let mut scopes: Vec<(String, String)> = Vec::new();
    let regions = known.regions.iter().map(String::as_str).chain(["us-east-1"]).filter(|other| other != region);
    scopes.extend(regions.map(|other| (part(1, other), format!("with the Region `{other}`"))));
    scopes.extend(SERVICES.map(|other| (part(2, other), format!("with the service `{other}`"))));
    scopes.push((part(0, &all.right.date_time), "with the time behind its date".to_owned()));
    scopes.push((format!("{date}/{region}/{service}"), format!("without `{terminator}`")));
    scopes.push((format!("{date}/{service}/{region}/{terminator}"), "with Region and service exchanged".to_owned()));
    for (scope, how) in scopes {
        let parts: Vec<String> = scope.split('/').map(str::to_owned).collect();
        all.add(STEP, format!("it signs a scope {how}, and sends another one"), |draft| draft.scope.clone_from(&scope));
        all.add(STEP, format!("it signs a scope {how}, in the key too, and sends another one"), |draft| {
            (draft.scope, draft.key_parts) = (scope, parts);
        });
    }
}

fn key(known: &Known<'_>, all: &mut Collected<'_>) {
    const STEP: Step = Step::Key;
    all.add(STEP, "it derives the key from the secret without `AWS4` before it", |draft| {
        draft.secret.drain(..4);
    });
    for (end, name) in [("\n", "a line end"), (" ", "a blank"), ("\r\n", "a line end (CR LF)")] {
        all.add(STEP, format!("its secret has {name} at its end"), |draft| draft.secret.extend(end.as_bytes()));
    }
    all.add(STEP, "its secret is empty", |draft| draft.secret.truncate(4));
    for principal in known.principals {
        let secret = format!("AWS4{}", principal.secret_access_key).into_bytes();
        if secret != all.right.secret {
            all.add(STEP, format!("it signs with the secret of the principal `{}`", principal.name), |draft| {
                draft.secret = secret;
            });
        }
    }
    all.add(STEP, "it signs with the secret itself, and derives no key", |draft| {
        draft.key_parts.clear();
        draft.secret.drain(..4);
    });
    all.add(STEP, "it signs with `AWS4` and the secret, and derives no key", |draft| draft.key_parts.clear());
    all.add(STEP, "it hands each HMAC of the key on in hexadecimal and not as bytes", |draft| draft.chain = Chain::Hex);
    let parts = all.right.key_parts.clone();
    let [date, region, service, terminator] = parts.as_slice() else { return };
    all.add(STEP, "it derives the key without `aws4_request`", |draft| {
        draft.key_parts.pop();
    });
    all.add(STEP, "it derives the key from Region and service in the wrong order", |draft| draft.key_parts.swap(1, 2));
    all.add(STEP, "it derives the key from the date with its time", |draft| {
        draft.key_parts = vec![draft.date_time.clone(), region.clone(), service.clone(), terminator.clone()];
    });
    let regions = known.regions.iter().map(String::as_str).chain(["us-east-1"]).filter(|other| other != region);
    for other in regions {
        all.add(STEP, format!("it derives the key for the Region `{other}`"), |draft| {
            draft.key_parts[1] = other.to_owned()
        });
    }
    for other in SERVICES {
        all.add(STEP, format!("it derives the key for the service `{other}`"), |draft| {
            draft.key_parts[2] = other.to_owned()
        });
    }
    for days in [-1, 1] {
        let day = jiff::civil::Date::strptime("%Y%m%d", date).ok();
        if let Some(day) = day.and_then(|day| day.checked_add(jiff::Span::new().days(days)).ok()) {
            let day = day.strftime("%Y%m%d").to_string();
            all.add(STEP, format!("it derives the key for another day, `{day}`"), |draft| draft.key_parts[0] = day);
        }
    }
}

fn spelling(all: &mut Collected<'_>) {
    const STEP: Step = Step::Header;
    all.add(STEP, "it sends the signature in capitals", |draft| draft.spelling = Spelling::UpperHex);
    all.add(STEP, "it sends the signature in base64 and not in hexadecimal", |draft| draft.spelling = Spelling::Base64);
}
