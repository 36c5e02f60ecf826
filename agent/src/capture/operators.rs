//! Operators, casts and the operators of operator families: not facts yet, but what names resolve to.

use pgseal_catalog::Name;

use super::error::CaptureError;
use super::session::Session;

/// A row of `pg_operator`, with the names of its commutator and negator.
pub(super) struct OperatorRow {
    pub oid: u32,
    pub schema: u32,
    pub operator: String,
    pub left: u32,
    pub right: u32,
    pub result: u32,
    pub function: u32,
    pub commutator: Option<(Name, String)>,
    pub negator: Option<(Name, String)>,
    pub merges: bool,
    pub hashes: bool,
}

pub(super) fn read_operators(s: &mut Session<'_>) -> Result<Vec<OperatorRow>, CaptureError> {
    // shells, declared as commutators of others and never made, have no function
    s.rows(
        "operators",
        "SELECT o.oid, o.oprnamespace, o.oprname::text, o.oprleft, o.oprright, o.oprresult, o.oprcode::oid, cn.nspname, \
         co.oprname::text, nn.nspname, ne.oprname::text, o.oprcanmerge, o.oprcanhash FROM pg_operator o \
         LEFT JOIN pg_operator co ON co.oid = o.oprcom LEFT JOIN pg_namespace cn ON cn.oid = co.oprnamespace \
         LEFT JOIN pg_operator ne ON ne.oid = o.oprnegate LEFT JOIN pg_namespace nn ON nn.oid = ne.oprnamespace \
         WHERE o.oid >= 16384 AND o.oprcode <> 0 AND o.oprright <> 0",
        |c| {
            let pair = || {
                let schema: Option<&str> = c.next()?;
                let operator: Option<String> = c.next()?;
                Ok::<_, CaptureError>(match (schema, operator) {
                    (Some(schema), Some(operator)) => Some((Name::new(schema)?, operator)),
                    _ => None,
                })
            };
            Ok(OperatorRow {
                oid: c.next()?,
                schema: c.next()?,
                operator: c.next()?,
                left: c.next()?,
                right: c.next()?,
                result: c.next()?,
                function: c.next()?,
                commutator: pair()?,
                negator: pair()?,
                merges: c.next()?,
                hashes: c.next()?,
            })
        },
    )
}

/// A row of `pg_cast`.
pub(super) struct CastRow {
    pub oid: u32,
    pub source: u32,
    pub target: u32,
    pub function: u32,
    pub context: char,
    pub method: char,
}

pub(super) fn read_casts(s: &mut Session<'_>) -> Result<Vec<CastRow>, CaptureError> {
    s.rows(
        "casts",
        "SELECT oid, castsource, casttarget, castfunc, castcontext, castmethod FROM pg_cast WHERE oid >= 16384",
        |c| {
            Ok(CastRow {
                oid: c.next()?,
                source: c.next()?,
                target: c.next()?,
                function: c.next()?,
                context: c.letter()?,
                method: c.letter()?,
            })
        },
    )
}

/// A search operator of an operator family that has a class made by a user or an extension.
pub(super) struct FamilyOperatorRow {
    pub family: u32,
    pub strategy: i16,
    pub schema: Name,
    pub operator: String,
    pub left: u32,
    pub right: u32,
}

pub(super) fn read_family_operators(s: &mut Session<'_>) -> Result<Vec<FamilyOperatorRow>, CaptureError> {
    s.rows(
        "operators of operator families",
        "SELECT a.amopfamily, a.amopstrategy, n.nspname, o.oprname::text, a.amoplefttype, a.amoprighttype \
         FROM pg_amop a JOIN pg_operator o ON o.oid = a.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace \
         WHERE a.amoppurpose = 's' AND a.amopfamily IN (SELECT opcfamily FROM pg_opclass WHERE oid >= 16384) \
         ORDER BY a.amopfamily, a.amopstrategy, n.nspname, o.oprname, a.amoplefttype, a.amoprighttype",
        |c| {
            Ok(FamilyOperatorRow {
                family: c.next()?,
                strategy: c.next()?,
                schema: c.name()?,
                operator: c.next()?,
                left: c.next()?,
                right: c.next()?,
            })
        },
    )
}

/// The operator families that hold a class made by a user or an extension: OID, schema, name.
pub(super) fn read_families(s: &mut Session<'_>) -> Result<Vec<(u32, u32, Name)>, CaptureError> {
    s.rows(
        "operator families",
        "SELECT oid, opfnamespace, opfname FROM pg_opfamily WHERE oid IN (SELECT opcfamily FROM pg_opclass \
         WHERE oid >= 16384)",
        |c| Ok((c.next()?, c.next()?, c.name()?)),
    )
}
