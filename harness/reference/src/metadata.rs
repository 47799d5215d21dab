//! What DescribeKey shows of a key.

use crate::config::Config;
use crate::edition::Edition;
use crate::key::{Key, seconds};
use crate::material::Expiration;
use crate::mutant::Point;
use serde_json::{Value, json};
use std::time::SystemTime;

impl Key {
    /// Records the key's present metadata. DescribeKey shows it once the consistency delay is over.
    pub(crate) fn show(&mut self, config: &Config) {
        let now = (config.clock)();
        if self.shown.last().is_some_and(|(_, shown)| shown["KeyState"] == "Enabled")
            && config.at(Point::ConsistencyNever)
        {
            return;
        }
        let metadata = self.metadata(config);
        if self.shown.last().is_none_or(|(_, last)| *last != metadata) {
            self.shown.push((now, metadata));
        }
        // Metadata older than the newest visible one is never shown again.
        let visible = self.visible(config, now);
        self.shown.drain(..visible);
    }

    /// The metadata that DescribeKey shows now. It lags behind by the consistency delay.
    pub(crate) fn described(&self, config: &Config) -> Value {
        let now = (config.clock)();
        self.shown
            .get(self.visible(config, now))
            .map_or_else(|| self.metadata(config), |(_, metadata)| metadata.clone())
    }

    fn visible(&self, config: &Config, now: SystemTime) -> usize {
        let is_seen = |since: SystemTime| since + config.consistency_delay <= now;
        self.shown.iter().rposition(|(since, _)| is_seen(*since)).unwrap_or(0)
    }

    /// The KeyMetadata of the key's present state.
    fn metadata(&self, config: &Config) -> Value {
        let state = self.state();
        let (algorithms, names) = self.algorithms();
        let mut metadata = json!({
            "AWSAccountId": self.account,
            "Arn": self.arn,
            "CreationDate": seconds(self.created),
            "CustomerMasterKeySpec": self.spec,
            "Description": self.description,
            "Enabled": state == "Enabled",
            algorithms: names,
            "KeyId": self.id,
            "KeyManager": "CUSTOMER",
            "KeySpec": self.spec,
            "KeyState": state,
            "KeyUsage": self.usage.as_str(),
            "MultiRegion": self.multi_region.is_some(),
            "Origin": self.origin.as_str(),
        });
        self.show_expiration(&mut metadata);
        match self.deletion {
            Some(_) if state == "PendingReplicaDeletion" => {
                metadata["PendingDeletionWindowInDays"] = json!(self.window_in_days);
            }
            Some(deletion) => metadata["DeletionDate"] = json!(seconds(deletion)),
            None => {}
        }
        // Only the second edition has this member, and only for symmetric keys. It stays after a deletion.
        if config.edition == Edition::KeyMaterialId
            && self.names_materials()
            && let Some(material) = self.current()
        {
            metadata["CurrentKeyMaterialId"] = json!(material.id);
        }
        self.show_marks(state, &mut metadata);
        metadata
    }

    /// Shows the expiration of the materials that the key needs, and the earliest date. While one of them is missing,
    /// nothing is shown. A material that waits for a rotation does not count.
    fn show_expiration(&self, metadata: &mut Value) {
        if self.lacks_material() {
            return;
        }
        let expirations =
            || self.materials.iter().filter(|material| material.is_used()).filter_map(|used| used.expiration);
        let end = expirations().filter_map(|expiration| match expiration {
            Expiration::At(end) => Some(end),
            Expiration::Never => None,
        });
        if let Some(end) = end.min() {
            metadata["ExpirationModel"] = json!("KEY_MATERIAL_EXPIRES");
            metadata["ValidTo"] = json!(seconds(end));
        } else if expirations().next().is_some() {
            metadata["ExpirationModel"] = json!("KEY_MATERIAL_DOES_NOT_EXPIRE");
        }
    }

    /// Applies the marks that a mutant left on the key to its metadata.
    fn show_marks(&self, state: &str, metadata: &mut Value) {
        for mark in &self.marks {
            match mark {
                Point::DeletionDateLost => {
                    metadata.as_object_mut().map(|members| members.remove("DeletionDate"));
                }
                Point::BecomesDisabled if state == "PendingImport" => metadata["KeyState"] = json!("Disabled"),
                Point::NeverImportedEnabled if state == "PendingImport" => metadata["KeyState"] = json!("Enabled"),
                Point::EnableRevives | Point::FailedImportEnables if state == "PendingImport" => {
                    metadata["KeyState"] = json!("Enabled");
                    metadata["Enabled"] = json!(true);
                }
                Point::EnabledFlagLeft => metadata["Enabled"] = json!(state == "Enabled" || state == "PendingImport"),
                Point::ReimportedFlagLeft => metadata["Enabled"] = json!(false),
                Point::ExpirationModelLeft if state == "PendingImport" => {
                    metadata["ExpirationModel"] = json!("KEY_MATERIAL_DOES_NOT_EXPIRE");
                }
                Point::ValidToLeft if state == "PendingImport" => metadata["ValidTo"] = json!(seconds(self.created)),
                Point::DescriptionLost => metadata["Description"] = json!(""),
                Point::DescribeDrifts if state == "PendingImport" => {
                    metadata["KeySpec"] = json!("RSA_4096");
                    metadata["KeyManager"] = json!("AWS");
                }
                Point::MaterialIdCleared if state == "PendingImport" => {
                    if let Some(members) = metadata.as_object_mut() {
                        members.remove("CurrentKeyMaterialId");
                    }
                }
                _ => {}
            }
        }
    }
}
