//! Kinds of objects that pgseal reads but does not manage yet.

use pg_query::protobuf::ObjectType;

/// A kind that is noted, not planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnmanagedKind {
    /// `CREATE ACCESS METHOD`.
    AccessMethod,
    /// `CREATE TYPE` with input and output functions, and shell types.
    BaseType,
    /// `CREATE CAST`.
    Cast,
    /// `CREATE COLLATION`.
    Collation,
    /// `CREATE CONVERSION`.
    Conversion,
    /// `ALTER DEFAULT PRIVILEGES`.
    DefaultPrivilege,
    /// `CREATE EVENT TRIGGER`.
    EventTrigger,
    /// `CREATE FOREIGN DATA WRAPPER`.
    ForeignDataWrapper,
    /// `CREATE SERVER`.
    ForeignServer,
    /// `CREATE FOREIGN TABLE`, `IMPORT FOREIGN SCHEMA`.
    ForeignTable,
    /// `CREATE LANGUAGE`.
    Language,
    /// Large objects.
    LargeObject,
    /// `CREATE OPERATOR`.
    Operator,
    /// `CREATE OPERATOR CLASS`.
    OperatorClass,
    /// `CREATE OPERATOR FAMILY`.
    OperatorFamily,
    /// `OWNER TO`, `SET ROLE`, `SET SESSION AUTHORIZATION`.
    Owner,
    /// `GRANT` and `REVOKE`.
    Privilege,
    /// `CREATE PUBLICATION`.
    Publication,
    /// `SECURITY LABEL`.
    SecurityLabel,
    /// `CREATE STATISTICS`.
    Statistics,
    /// `CREATE SUBSCRIPTION`.
    Subscription,
    /// `CREATE TEXT SEARCH …`.
    TextSearch,
    /// `CREATE TRANSFORM`.
    Transform,
    /// `CREATE USER MAPPING`.
    UserMapping,
}

impl UnmanagedKind {
    /// The kind in the plural, as messages say it.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            UnmanagedKind::AccessMethod => "access methods",
            UnmanagedKind::BaseType => "base types",
            UnmanagedKind::Cast => "casts",
            UnmanagedKind::Collation => "collations",
            UnmanagedKind::Conversion => "conversions",
            UnmanagedKind::DefaultPrivilege => "default privileges",
            UnmanagedKind::EventTrigger => "event triggers",
            UnmanagedKind::ForeignDataWrapper => "foreign-data wrappers",
            UnmanagedKind::ForeignServer => "foreign servers",
            UnmanagedKind::ForeignTable => "foreign tables",
            UnmanagedKind::Language => "languages",
            UnmanagedKind::LargeObject => "large objects",
            UnmanagedKind::Operator => "operators",
            UnmanagedKind::OperatorClass => "operator classes",
            UnmanagedKind::OperatorFamily => "operator families",
            UnmanagedKind::Owner => "owners",
            UnmanagedKind::Privilege => "privileges",
            UnmanagedKind::Publication => "publications",
            UnmanagedKind::SecurityLabel => "security labels",
            UnmanagedKind::Statistics => "extended statistics",
            UnmanagedKind::Subscription => "subscriptions",
            UnmanagedKind::TextSearch => "text search objects",
            UnmanagedKind::Transform => "transforms",
            UnmanagedKind::UserMapping => "user mappings",
        }
    }
}

/// Who looks after a kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// pgseal.
    Managed,
    /// Nobody yet.
    Unmanaged(UnmanagedKind),
    /// It belongs to the cluster, not to the database.
    Cluster,
}

/// Says who looks after the objects that `COMMENT ON`, `DROP` and `ALTER … RENAME` name.
pub(super) fn care_of(object: ObjectType) -> Care {
    use ObjectType as O;
    use UnmanagedKind as U;
    match object {
        O::ObjectAggregate
        | O::ObjectAttribute
        | O::ObjectColumn
        | O::ObjectDefault
        | O::ObjectDomain
        | O::ObjectDomconstraint
        | O::ObjectExtension
        | O::ObjectFunction
        | O::ObjectIndex
        | O::ObjectMatview
        | O::ObjectPolicy
        | O::ObjectProcedure
        | O::ObjectRoutine
        | O::ObjectRule
        | O::ObjectSchema
        | O::ObjectSequence
        | O::ObjectTabconstraint
        | O::ObjectTable
        | O::ObjectTrigger
        | O::ObjectType
        | O::ObjectView
        | O::Undefined => Care::Managed,
        O::ObjectAccessMethod => Care::Unmanaged(U::AccessMethod),
        O::ObjectAmop | O::ObjectAmproc | O::ObjectOpfamily => Care::Unmanaged(U::OperatorFamily),
        O::ObjectCast => Care::Unmanaged(U::Cast),
        O::ObjectCollation => Care::Unmanaged(U::Collation),
        O::ObjectConversion => Care::Unmanaged(U::Conversion),
        O::ObjectDefacl => Care::Unmanaged(U::DefaultPrivilege),
        O::ObjectEventTrigger => Care::Unmanaged(U::EventTrigger),
        O::ObjectFdw => Care::Unmanaged(U::ForeignDataWrapper),
        O::ObjectForeignServer => Care::Unmanaged(U::ForeignServer),
        O::ObjectForeignTable => Care::Unmanaged(U::ForeignTable),
        O::ObjectLanguage => Care::Unmanaged(U::Language),
        O::ObjectLargeobject => Care::Unmanaged(U::LargeObject),
        O::ObjectOpclass => Care::Unmanaged(U::OperatorClass),
        O::ObjectOperator => Care::Unmanaged(U::Operator),
        O::ObjectPublication | O::ObjectPublicationNamespace | O::ObjectPublicationRel => {
            Care::Unmanaged(U::Publication)
        }
        O::ObjectSubscription => Care::Unmanaged(U::Subscription),
        O::ObjectStatisticExt => Care::Unmanaged(U::Statistics),
        O::ObjectTransform => Care::Unmanaged(U::Transform),
        O::ObjectTsconfiguration | O::ObjectTsdictionary | O::ObjectTsparser | O::ObjectTstemplate => {
            Care::Unmanaged(U::TextSearch)
        }
        O::ObjectUserMapping => Care::Unmanaged(U::UserMapping),
        O::ObjectDatabase | O::ObjectParameterAcl | O::ObjectRole | O::ObjectTablespace => Care::Cluster,
    }
}
