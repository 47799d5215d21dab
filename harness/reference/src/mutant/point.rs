//! The named points at which a mutant reaches into the reference.

/// One point, and what is left out or done wrongly there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[rustfmt::skip]
pub(crate) enum Point {
    // State
    DeletesNothing, BecomesDisabled, EnabledFlagLeft, ExpirationModelLeft, ValidToLeft, DeletionDateMoved,
    DeletionDateLost,
    PendingDeletionReset, PendingDeletionRefused, SecondDeleteRefused, NeverImportedRefused, NeverImportedNotFound, DisabledRefused,
    OtherKeyDamaged, RefusalDeletes, KeyGone, ReimportRefused, OtherBytesAccepted, StillEncrypts, StillDecrypts, StillSigns, StillMacs,
    MaterialIdCleared, OriginUnchecked, DescriptionLost, ImportLeavesPending, OldCiphertextLost, HmacRefused, EccRefused, ExpiringRefused,
    ConsistencyNever, DeniedDeletes, NeverImportedEnabled, DeletesPendingInstead, PendingRotationDeletesCurrent,
    CreatingAccepted, UpdatingAccepted,
    // Identifiers
    AliasAccepted, AliasNotFound, UpperCaseAccepted, BlanksTrimmed, DashesIgnored, KeyPrefixAccepted, ArnRefused, ArnRegionIgnored,
    ArnAccountIgnored, ArnPartitionIgnored, ArnServiceIgnored, ArnTailIgnored, ArnResourceIgnored, MalformedIsValidation, AbsentSucceeds, MultiRegionRefused, OtherRegionFound,
    StrangerAccepted, ForeignIdFound,
    // Members
    AbsentIsNotFound, EmptyIsNotFound, Length2048Refused, Length2049Accepted, NumberIsText, ListUnpacked, ObjectUnpacked,
    NamesWithoutCase, UnknownRefused, NullRefused, MaterialIdIgnored, MaterialIdLengthUnchecked, MaterialIdPatternUnchecked,
    MaterialIdInFirstEdition, UnknownMaterialDeletesCurrent,
    // Body
    TrailingBytesAccepted, TrailingCommaAccepted, ArrayUnpacked, TruncatedRepaired, InvalidUtf8Accepted, EmptyBodyAccepted, NestingCrashes, LargeRefused,
    // Protocol
    AnyMethod, HeadAccepted, MethodCaseIgnored, TargetPrefixIgnored, TargetCaseIgnored, TargetDefaults, TargetSuffixIgnored, ContentTypeUnchecked, ContentTypeParameterRefused,
    ContentTypeAbsentAccepted, PathIgnored,
    // Signatures
    SignatureUnchecked, AuthorizationOptional, GarbageAccepted, AlgorithmUnchecked, ScopeRegionUnchecked, ScopeServiceUnchecked, ScopeTerminatorUnchecked,
    ScopeDateUnchecked, PastUnchecked, FutureUnchecked, WindowTooNarrow, HostOptional, BodyUncovered, QueryUncovered, HeadersUncovered,
    TokenUnchecked, TokenOptional, ExpiredTokenAccepted, UnknownKeyAccepted, SecretUnchecked, BothPlacesAccepted, BlanksNotFolded, CompactRefused, ExtraUnsignedRefused,
    ContentLengthSignedRefused, SignaturePrefixAccepted, DateOptional, DateFormUnchecked, ShortCredentialAccepted,
    // Permission
    PermissionUnchecked,
    // Found missing by cases that found no mutant
    FormerSecretAccepted, DateUncovered, VerifiesTooLate, SpacedRefused, FirstHostCounts,
    // Found missing by wrong servers that passed
    PendingDeletionKeepsMaterial, AnotherMaterialNamed, DescribeDrifts, DecryptsOtherText, ReimportUnusable, BodyHashBelieved,
    DisabledHmacKept, DisabledEccKept, SecondHmacDeleteFails, SecondEccDeleteFails,
}
