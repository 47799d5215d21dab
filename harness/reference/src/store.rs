//! The keys and aliases of all accounts and Regions.

use crate::config::Config;
use crate::crypto::WrappingKey;
use crate::error::Refusal;
use crate::key::{Key, Origin, Usage};
use std::collections::{BTreeMap, HashMap};

/// The state of a target: its keys, its aliases and its wrapping key.
pub(crate) struct Store {
    keys: BTreeMap<String, Key>,
    /// Key ids by the ARN of their alias.
    pub(crate) aliases: HashMap<String, String>,
    /// The key that each alias was made for first. Only mutants look at it.
    pub(crate) first_aliases: HashMap<String, String>,
    /// The key pair that wraps imported material. It is the same for all imports, because generating one is slow.
    pub(crate) wrapping: &'static WrappingKey,
}

impl Store {
    /// A store that holds only the seeds.
    pub(crate) fn new(config: &Config) -> Self {
        let mut store = Self {
            keys: BTreeMap::new(),
            aliases: HashMap::new(),
            first_aliases: HashMap::new(),
            wrapping: WrappingKey::fixed(),
        };
        let region = config.regions.first().map(String::as_str).unwrap_or_default();
        for seed in &config.seeds {
            let mut key = Key::new(
                seed.key_id.clone(),
                &config.partition,
                region,
                &seed.account,
                "SYMMETRIC_DEFAULT",
                Usage::EncryptDecrypt,
                Origin::External,
                (config.clock)(),
            );
            key.seed = Some(seed.kind);
            store.insert(config, key);
        }
        store
    }

    pub(crate) fn insert(&mut self, config: &Config, mut key: Key) {
        key.show(config);
        self.keys.insert(place(&key.region, &key.id), key);
    }

    /// Finds a key of a Region in any account.
    pub(crate) fn find(&self, region: &str, id: &str) -> Option<&Key> {
        self.keys.get(&place(region, id))
    }

    /// Removes a key. Only a mutant does this.
    pub(crate) fn remove(&mut self, region: &str, id: &str) {
        self.keys.remove(&place(region, id));
    }

    /// The keys of an account in a Region.
    pub(crate) fn of<'a>(&'a self, region: &'a str, account: &'a str) -> impl Iterator<Item = &'a Key> {
        self.keys.values().filter(move |key| key.region == region && key.account == account)
    }

    /// The records of a multi-Region key in every Region, or the only record of another key.
    pub(crate) fn everywhere<'a>(&'a self, config: &'a Config, key: &'a Key) -> impl Iterator<Item = &'a Key> {
        config
            .regions
            .iter()
            .filter_map(|region| self.find(region, &key.id))
            .filter(|found| found.account == key.account)
    }

    /// Changes the records of a multi-Region key in the other Regions.
    pub(crate) fn change_elsewhere(&mut self, config: &Config, (region, id): (&str, &str), change: impl Fn(&mut Key)) {
        for other in config.regions.iter().filter(|other| *other != region) {
            if let Some(key) = self.keys.get_mut(&place(other, id)).filter(|key| key.multi_region.is_some()) {
                change(key);
                key.show(config);
            }
        }
    }

    /// Carries out everything that has become due in any key since the last call.
    pub(crate) fn settle(&mut self, config: &Config) {
        let now = (config.clock)();
        for key in self.keys.values_mut() {
            if key.settle(now) {
                key.show(config);
            }
        }
    }

    /// Changes a key and records its new metadata for DescribeKey.
    pub(crate) fn change<T>(
        &mut self,
        config: &Config,
        (region, id): (&str, &str),
        change: impl FnOnce(&mut Key) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let key = self.keys.get_mut(&place(region, id)).ok_or_else(|| Refusal::bare("NotFoundException"))?;
        let outcome = change(key);
        key.show(config);
        outcome
    }
}

fn place(region: &str, id: &str) -> String {
    format!("{region}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_an_account_are_those_of_the_region_that_is_asked_for() {
        let config = Config { seeds: Vec::new(), ..Config::default() };
        let mut store = Store::new(&config);
        for (id, region, account) in [("1", "here", "a"), ("2", "here", "b"), ("3", "there", "a"), ("4", "here", "a")] {
            let made = (config.clock)();
            let (usage, origin) = (Usage::EncryptDecrypt, Origin::External);
            store.insert(&config, Key::new(id.to_owned(), "aws", region, account, "HMAC_256", usage, origin, made));
        }
        let of = |region: &str, account: &str| store.of(region, account).map(|key| key.id.clone()).collect::<Vec<_>>();
        assert_eq!(of("here", "a"), ["1", "4"]);
        assert_eq!(of("there", "a"), ["3"]);
        assert_eq!(of("there", "b"), [""; 0]);
        assert!(store.find("there", "1").is_none());
    }
}
