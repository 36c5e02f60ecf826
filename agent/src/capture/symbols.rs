//! What names resolve to besides facts: members of extensions, what is not modelled, what is outside the scope.

use pgseal_catalog::symbols::{
    AccessMethodSymbol, CastSymbol, CollationSymbol, ColumnSymbol, FunctionSymbol, LanguageSymbol, OpclassSymbol,
    OperatorSymbol, RelationSymbol, Symbols, TypeSymbol,
};
use pgseal_catalog::{Name, QualifiedName, Routine};

use super::address::{ByNumbers, Numbers, class};
use super::build::{Build, Rest};
use super::error::CaptureError;
use super::functions::ProcRow;
use super::operators::FamilyOperatorRow;
use super::session::FIRST_NORMAL_OID;
use super::types::TypeRow;

/// Everything that is no fact and that a name can resolve to.
pub(super) fn symbols(b: &Build<'_>, rest: &Rest) -> Result<Symbols, CaptureError> {
    let mut symbols = Symbols {
        types: types(b)?,
        functions: functions(b)?,
        operators: operators(b, rest)?,
        casts: casts(b, rest)?,
        opclasses: opclasses(b, rest)?,
        collations: collations(b)?,
        relations: relations(b)?,
        access_methods: access_methods(b),
        languages: languages(b),
    };
    symbols.sort();
    Ok(symbols)
}

impl Build<'_> {
    /// The name of the extension that an object belongs to.
    fn extension(&self, class: u32, oid: u32) -> Option<Name> {
        let extension = self.extension_of(class, oid)?;
        self.raw.extensions.iter().find(|row| row.oid == extension).map(|row| row.name.clone())
    }

    /// Whether an object is a fact or a part of one.
    fn is_covered(&self, class: u32, oid: u32) -> bool {
        !self.is_member(class, oid) && self.nodes.covering(class, oid).is_some()
    }

    /// The name of a routine, none for zero.
    fn routine_name(&self, oid: u32) -> Result<Option<QualifiedName>, CaptureError> {
        Ok(self.names.routine_if_any(oid)?.map(|routine| routine.name))
    }

    fn type_text_if_any(&self, oid: u32) -> Result<Option<String>, CaptureError> {
        if oid == 0 { Ok(None) } else { self.names.type_text(oid).map(Some) }
    }

    fn type_name_if_any(&self, oid: u32) -> Result<Option<QualifiedName>, CaptureError> {
        if oid == 0 { Ok(None) } else { self.type_name(oid).map(Some) }
    }
}

fn types(b: &Build<'_>) -> Result<Vec<TypeSymbol>, CaptureError> {
    let ranges: ByNumbers<u32, u32> =
        b.raw.types.iter().filter_map(|row| Some((row.range.as_ref()?.multirange, row.oid))).collect();
    let arrays: Numbers<u32> = b.raw.types.iter().map(|row| row.array).collect();
    let mut symbols = Vec::new();
    for row in &b.raw.types {
        let is_type = match row.kind {
            'c' => b.class(row.relation).is_some_and(|relation| relation.kind == 'c'),
            'b' => !arrays.contains(&row.oid),
            'd' | 'e' | 'r' | 'm' => true,
            _ => false,
        };
        let of_range = ranges.get(&row.oid).copied().unwrap_or(row.oid);
        if !row.is_user() || !row.defined || !is_type || b.is_hidden(row.schema) || b.is_covered(class::TYPE, of_range)
        {
            continue;
        }
        if b.extension_of(class::TYPE, of_range).is_none() && b.is_covered(class::TYPE, row.oid) {
            continue;
        }
        symbols.push(type_symbol(b, row, of_range)?);
    }
    Ok(symbols)
}

fn type_symbol(b: &Build<'_>, row: &TypeRow, of_range: u32) -> Result<TypeSymbol, CaptureError> {
    let subtype = match (&row.range, row.kind) {
        (Some(range), _) => Some(b.names.type_text(range.subtype)?),
        (None, 'm') => Some(b.names.type_text(of_range)?),
        (None, _) => None,
    };
    Ok(TypeSymbol {
        name: b.names.qualified(row.schema, &row.name)?,
        extension: b.extension(class::TYPE, of_range),
        kind: row.kind,
        category: row.category,
        preferred: row.preferred,
        length: row.length,
        by_value: row.by_value,
        alignment: row.alignment,
        storage: row.storage,
        delimiter: row.delimiter,
        element: b.type_text_if_any(row.element)?,
        array: b.type_name_if_any(row.array)?,
        collation: b.names.collation_unless(row.collation, 0)?,
        modifier_in: b.routine_name(row.modifier_in)?,
        modifier_out: b.routine_name(row.modifier_out)?,
        input: b.routine_name(row.input)?,
        base: row.base_text.clone(),
        not_null: row.not_null,
        subtype,
        multirange: match &row.range {
            Some(range) => Some(b.type_name(range.multirange)?),
            None => None,
        },
        labels: b.raw.labels.get(&row.oid).cloned().unwrap_or_default(),
        attributes: if row.kind == 'c' { columns(b, row.relation)? } else { Vec::new() },
    })
}

fn columns(b: &Build<'_>, relation: u32) -> Result<Vec<ColumnSymbol>, CaptureError> {
    let column = |row: &super::relations::AttributeRow| {
        Ok(ColumnSymbol {
            name: row.name.clone(),
            data_type: row.type_text.clone(),
            collation: b.names.collation_unless(row.collation, 0)?,
            not_null: row.not_null,
        })
    };
    b.attributes(relation).iter().map(column).collect()
}

fn functions(b: &Build<'_>) -> Result<Vec<FunctionSymbol>, CaptureError> {
    let rows = b.raw.procs.iter().filter(|row| row.is_user() && !b.is_hidden(row.schema));
    rows.filter(|row| !b.is_covered(class::PROC, row.oid)).map(|row| function_symbol(b, row)).collect()
}

fn function_symbol(b: &Build<'_>, row: &ProcRow) -> Result<FunctionSymbol, CaptureError> {
    Ok(FunctionSymbol {
        name: b.names.routine(row.oid)?,
        extension: b.extension(class::PROC, row.oid),
        kind: row.kind,
        returns: b.names.type_text(row.returns)?,
        returns_set: row.returns_set,
        volatility: row.volatility,
        strict: row.strict,
        all_arguments: row.all_types.iter().map(|&oid| b.names.type_text(oid)).collect::<Result<_, _>>()?,
        argument_modes: row.modes.iter().filter_map(|&byte| u8::try_from(byte).ok()).map(char::from).collect(),
        argument_names: row.argument_names.clone(),
        defaults: u16::try_from(row.default_count).unwrap_or_default(),
        variadic: b.type_text_if_any(row.variadic)?,
        aggregate_kind: row.aggregate_kind,
        direct_arguments: u16::try_from(row.direct_arguments).unwrap_or_default(),
    })
}

fn operators(b: &Build<'_>, rest: &Rest) -> Result<Vec<OperatorSymbol>, CaptureError> {
    let rows = rest.operators.iter().filter(|row| !b.is_hidden(row.schema));
    rows.map(|row| {
        let function: Routine = b.names.routine(row.function)?;
        Ok(OperatorSymbol {
            schema: b.names.schema(row.schema)?.clone(),
            operator: row.operator.clone(),
            extension: b.extension(class::OPERATOR, row.oid),
            left: b.type_text_if_any(row.left)?,
            right: b.names.type_text(row.right)?,
            result: b.names.type_text(row.result)?,
            function,
            commutator: row.commutator.clone(),
            negator: row.negator.clone(),
            merges: row.merges,
            hashes: row.hashes,
        })
    })
    .collect()
}

fn casts(b: &Build<'_>, rest: &Rest) -> Result<Vec<CastSymbol>, CaptureError> {
    let symbol = |row: &super::operators::CastRow| {
        Ok(CastSymbol {
            source: b.names.type_text(row.source)?,
            target: b.names.type_text(row.target)?,
            extension: b.extension(class::CAST, row.oid),
            function: b.names.routine_if_any(row.function)?,
            context: row.context,
            method: row.method,
        })
    };
    // the cast of a range to its multirange follows from the range
    let follows =
        |row: &&super::operators::CastRow| b.is_cast_of_type(row.oid) && b.is_covered(class::TYPE, row.source);
    rest.casts.iter().filter(|row| !follows(row)).map(symbol).collect()
}

fn opclasses(b: &Build<'_>, rest: &Rest) -> Result<Vec<OpclassSymbol>, CaptureError> {
    let families: ByNumbers<u32, (u32, &Name)> =
        rest.families.iter().map(|(oid, schema, name)| (*oid, (*schema, name))).collect();
    let mut of_families: ByNumbers<u32, Vec<&FamilyOperatorRow>> = ByNumbers::default();
    for row in &rest.family_operators {
        of_families.entry(row.family).or_default().push(row);
    }
    let mut symbols = Vec::new();
    for row in b.raw.opclasses.iter().filter(|row| row.oid >= FIRST_NORMAL_OID && !b.is_hidden(row.schema)) {
        let mut operators = Vec::new();
        for operator in of_families.get(&row.family).into_iter().flatten() {
            if operator.left == row.input || operator.right == row.input {
                operators.push((
                    u16::try_from(operator.strategy).unwrap_or_default(),
                    operator.schema.clone(),
                    operator.operator.clone(),
                    b.names.type_text(operator.left)?,
                    b.names.type_text(operator.right)?,
                ));
            }
        }
        let (schema, name) = families.get(&row.family).ok_or_else(|| {
            CaptureError::unexpected("operator class", format!("{} has no operator family", row.name))
        })?;
        symbols.push(OpclassSymbol {
            name: b.names.qualified(row.schema, &row.name)?,
            extension: b.extension(class::OPCLASS, row.oid),
            method: b.names.method(row.method)?.clone(),
            family: b.names.qualified(*schema, name)?,
            input: b.names.type_text(row.input)?,
            default: row.is_default,
            key_type: b.type_text_if_any(row.key_type)?,
            operators,
        });
    }
    Ok(symbols)
}

fn collations(b: &Build<'_>) -> Result<Vec<CollationSymbol>, CaptureError> {
    let rows = b.raw.collations.iter();
    rows.filter(|row| row.oid >= FIRST_NORMAL_OID && row.usable && !b.is_hidden(row.schema))
        .map(|row| {
            Ok(CollationSymbol {
                name: b.names.qualified(row.schema, &row.name)?,
                extension: b.extension(class::COLLATION, row.oid),
                nondeterministic: !row.deterministic,
            })
        })
        .collect()
}

fn relations(b: &Build<'_>) -> Result<Vec<RelationSymbol>, CaptureError> {
    let mut symbols = Vec::new();
    for row in &b.raw.classes {
        if row.kind == 'c' || b.is_hidden(row.schema) || b.is_covered(class::CLASS, row.oid) {
            continue;
        }
        symbols.push(RelationSymbol {
            name: b.names.qualified(row.schema, &row.name)?,
            extension: b.extension(class::CLASS, row.oid),
            kind: if row.kind == 'I' { 'i' } else { row.kind },
            columns: if matches!(row.kind, 'i' | 'I') { Vec::new() } else { columns(b, row.oid)? },
        });
    }
    Ok(symbols)
}

fn access_methods(b: &Build<'_>) -> Vec<AccessMethodSymbol> {
    let rows = b.raw.methods.iter().filter(|row| row.oid >= FIRST_NORMAL_OID);
    rows.map(|row| AccessMethodSymbol {
        name: row.name.clone(),
        extension: b.extension(class::AM, row.oid),
        kind: row.kind,
        can_order: row.can_order,
        can_unique: row.can_unique,
        can_multi_column: row.can_multi_column,
        can_exclude: row.can_exclude,
        can_include: row.can_include,
    })
    .collect()
}

fn languages(b: &Build<'_>) -> Vec<LanguageSymbol> {
    let rows = b.raw.languages.iter().filter(|(oid, _)| *oid >= FIRST_NORMAL_OID);
    rows.map(|(oid, name)| LanguageSymbol { name: name.clone(), extension: b.extension(class::LANGUAGE, *oid) })
        .collect()
}
