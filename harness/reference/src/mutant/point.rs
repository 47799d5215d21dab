//! The named points at which a mutant changes what the reference does.

/// A point. Its name says what the mutant does wrong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[rustfmt::skip]
pub(crate) enum Point {
    // State
    DeletesNothing, BecomesDisabled, EnabledFlagLeft, ExpirationModelLeft, ValidToLeft, DeletionDateMoved,
    DeletionDateLost, ExpiryTimerKept,
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
    // Added because a case killed no mutant
    FormerSecretAccepted, DateUncovered, VerifiesTooLate, SpacedRefused, FirstHostCounts,
    // Added because a wrong server passed
    PendingDeletionKeepsMaterial, AnotherMaterialNamed, DescribeDrifts, DecryptsOtherText, ReimportUnusable, BodyHashBelieved,
    DisabledHmacKept, DisabledEccKept, SecondHmacDeleteFails, SecondEccDeleteFails,
    // What was recorded
    WaitingDeletesBoth, WaitingKept, WaitingBecomesPendingImport, CurrentDeletesWaiting, FormerLeavesEnabled, FormerRefused, FormerForgotten,
    HistoryDropped, RotationCancelled, SecondAnswerNamesNothing, NeverImportedNamed, EveryKeyNamesMaterial, UnknownMaterialNotFound,
    UnknownMaterialSucceeds, StillGeneratesDataKeys, StillReEncrypts, StillVerifies, StillVerifiesMacs, StillShowsPublicKey, StillDerives,
    DecryptWithoutKeyIdUnchecked, ReplicaSharesRecord, ReplicaNamesPrimary, WaitingStaysInReplica, AliasesDropped, TagsDropped, PolicyDropped,
    GrantsDropped, RsaRefused, RsaKept, ImportKeepsDisabled, CancelDisablesEmpty, IdsByPrefix, LoneSurrogateCrashes, NonAsciiIsNotFound,
    ContentTypeCaseCounts, SignedDateRefused,
    // Added because a new case has to find one
    UnlistedAfterDeletion, ReimportedFlagLeft, PendingReplicaDeletionRefused, KeyAgreementRefused, PrimarySharesDeletion,
    ReimportRenewsPair, ReimportRenewsSecret,
    // Bugs that emulators had
    EnableRevives, FailedImportEnables, SessionSignatureUnchecked, QuerySignatureUnchecked, WindowOfFifteen, UnreadableDateAccepted, AmzUnsignedAccepted,
    ForwardedHostBelieved, ForwardedPortBelieved,
    // Two requests, two keys, one connection
    DeletionsCollide, ScheduleWritesBack, DisableWritesBack, ImportHalfDone, ConnectionTrusted, WindowTooWide, EqualBytesShared,
    AliasFollowed, AliasRemembered, MaterialIdOfBytes,
    // What a wrong server of somebody else's showed to be missed
    SignatureRemembered, RequestRemembered, PermissionRemembered, DenialRemembered, AuthorizationLeft, DateLeft, TokenLeft, TargetLeft,
    ContentTypeLeft, OtherRsaAccepted, OtherEccAccepted, UnlistedForGood, ArnAnswerRemembered, AliasAnswerRemembered, FirstLineCounts,
    LastLineCounts, UnsignedPayloadAccepted, PathUncovered,
}
