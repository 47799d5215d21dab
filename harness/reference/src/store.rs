//! The keys and aliases of all accounts and Regions.

use crate::config::Config;
use crate::crypto::WrappingKey;
use crate::error::Refusal;
use crate::key::{Key, Origin, Usage};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::time::SystemTime;

/// The state of a target: its keys, its aliases and its wrapping key.
pub(crate) struct Store {
    keys: BTreeMap<String, Key>,
    /// When something becomes due in a key, and where that key is, the earliest first: with this, a request does not look at
    /// every key. A time may be of something that was called off since.
    due: BinaryHeap<Reverse<(SystemTime, String)>>,
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
            due: BinaryHeap::new(),
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
        let place = place(&key.region, &key.id);
        // A replica is made as a copy of its primary key.
        key.scheduled = None;
        schedule(&mut self.due, &place, &mut key);
        self.keys.insert(place, key);
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
            let place = place(other, id);
            if let Some(key) = self.keys.get_mut(&place).filter(|key| key.multi_region.is_some()) {
                change(key);
                key.show(config);
                schedule(&mut self.due, &place, key);
            }
        }
    }

    /// Carries out everything that has become due in any key since the last call.
    pub(crate) fn settle(&mut self, config: &Config) {
        let now = (config.clock)();
        while self.due.peek().is_some_and(|Reverse((time, _))| *time <= now) {
            let Some(Reverse((_, place))) = self.due.pop() else { return };
            // A mutant may have removed the key.
            let Some(key) = self.keys.get_mut(&place) else { continue };
            if key.settle(now) {
                key.show(config);
            }
            key.scheduled = None;
            schedule(&mut self.due, &place, key);
        }
    }

    /// Changes a key and records its new metadata for DescribeKey.
    pub(crate) fn change<T>(
        &mut self,
        config: &Config,
        (region, id): (&str, &str),
        change: impl FnOnce(&mut Key) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let place = place(region, id);
        let key = self.keys.get_mut(&place).ok_or_else(|| Refusal::bare("NotFoundException"))?;
        let outcome = change(key);
        key.show(config);
        schedule(&mut self.due, &place, key);
        outcome
    }
}

/// Notes when something becomes due in a key, unless the store looks at it by then.
fn schedule(due: &mut BinaryHeap<Reverse<(SystemTime, String)>>, place: &str, key: &mut Key) {
    if let Some(next) = key.due().filter(|next| key.scheduled.is_none_or(|scheduled| *next < scheduled)) {
        key.scheduled = Some(next);
        due.push(Reverse((next, place.to_owned())));
    }
}

fn place(region: &str, id: &str) -> String {
    format!("{region}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::{Expiration, Material, Rotation};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

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

    /// What a key has to do is changed by imports and cancelled by others; the store looks at the key at the earliest time of all.
    #[test]
    fn what_is_due_is_carried_out_in_the_keys_that_have_it() {
        static AHEAD: AtomicU64 = AtomicU64::new(0);
        let after = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(AHEAD.load(Ordering::SeqCst));
        let config = Config { seeds: Vec::new(), clock, ..Config::default() };
        let mut store = Store::new(&config);
        for id in ["earlier", "later", "never"] {
            let (usage, origin) = (Usage::EncryptDecrypt, Origin::External);
            let mut key = Key::new(id.to_owned(), "aws", "here", "a", "SYMMETRIC_DEFAULT", usage, origin, clock());
            let end = Some(Expiration::At(after(50)));
            key.materials.push(Material::new(id.to_owned(), vec![1], Rotation::Current, end));
            store.insert(&config, key);
        }
        let expires = |store: &mut Store, id: &str, end: Expiration| {
            let changed = store.change(&config, ("here", id), |key| {
                key.materials[0].expiration = Some(end);
                Ok(())
            });
            assert!(changed.is_ok());
        };
        expires(&mut store, "earlier", Expiration::At(after(10)));
        expires(&mut store, "later", Expiration::At(after(90)));
        expires(&mut store, "never", Expiration::Never);
        let copy = store.find("here", "later").cloned().into_iter().map(|key| Key { id: "copy".to_owned(), ..key });
        copy.for_each(|key| store.insert(&config, key));
        for (now, left) in [(9, 4), (10, 3), (50, 3), (89, 3), (90, 1), (1000, 1)] {
            AHEAD.store(now, Ordering::SeqCst);
            store.settle(&config);
            let kept = store.keys.values().filter(|key| key.materials[0].bytes.is_some());
            assert_eq!(kept.count(), left, "after {now} s");
        }
    }
}
