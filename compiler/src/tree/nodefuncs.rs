//! Type, modifier and collation of any expression.
//!
//! Follows nodeFuncs.c (PG 18).

use super::{CoercionForm, Expr, FuncExpr, JsonFormatType, Oid, XmlExprOp};

/// The type of an expression's result (`exprType`).
#[must_use]
pub fn expr_type(expr: &Expr) -> Oid {
    match expr {
        Expr::Var(n) => n.ty,
        Expr::Const(n) => n.ty,
        Expr::Param(n) => n.ty,
        Expr::SubscriptingRef(n) => n.result_type,
        Expr::FuncExpr(n) => n.result_type,
        Expr::NamedArgExpr(n) => expr_type(&n.arg),
        Expr::OpExpr(n) | Expr::DistinctExpr(n) | Expr::NullIfExpr(n) => n.result_type,
        Expr::ScalarArrayOpExpr(_)
        | Expr::BoolExpr(_)
        | Expr::RowCompareExpr(_)
        | Expr::JsonIsPredicate(_)
        | Expr::NullTest(_)
        | Expr::BooleanTest(_) => Oid::BOOL,
        Expr::Aggref(n) => n.result_type,
        Expr::GroupingFunc(_) => Oid::INT4,
        Expr::WindowFunc(n) => n.result_type,
        Expr::SubLink(n) => n.result_type,
        Expr::SubLinkOutput(n) => n.ty,
        Expr::MultiAssignment(n) => n.ty,
        Expr::FieldStore(n) => n.result_type,
        Expr::SubscriptAssignment(n) => n.place.container_type,
        Expr::SetToDefault(n) => n.ty,
        Expr::MergeSupportFunc => Oid::TEXT,
        Expr::FieldSelect(n) => n.result_type,
        Expr::RelabelType(n) => n.result_type,
        Expr::CoerceViaIO(n) => n.result_type,
        Expr::ArrayCoerceExpr(n) => n.result_type,
        Expr::ConvertRowtypeExpr(n) => n.result_type,
        Expr::CollateExpr(n) => expr_type(&n.arg),
        Expr::CaseExpr(n) => n.ty,
        Expr::CaseTestExpr(n) => n.ty,
        Expr::ArrayExpr(n) => n.array_type,
        Expr::RowExpr(n) => n.row_type,
        Expr::CoalesceExpr(n) => n.ty,
        Expr::MinMaxExpr(n) => n.ty,
        Expr::SqlValueFunction(n) => n.ty,
        Expr::XmlExpr(n) => match n.op {
            XmlExprOp::IsDocument => Oid::BOOL,
            XmlExprOp::Serialize => Oid::TEXT,
            XmlExprOp::Concat
            | XmlExprOp::Element
            | XmlExprOp::Forest
            | XmlExprOp::Parse
            | XmlExprOp::Pi
            | XmlExprOp::Root => Oid::XML,
        },
        Expr::JsonValueExpr(n) => expr_type(&n.formatted),
        Expr::JsonConstructorExpr(n) => n.returning.ty,
        Expr::JsonExpr(n) => n.returning.ty,
        Expr::CoerceToDomain(n) => n.result_type,
        Expr::CoerceToDomainValue(n) => n.ty,
    }
}

/// The modifier of an expression's type, -1 where it is not known (`exprTypmod`).
#[must_use]
pub fn expr_typmod(expr: &Expr) -> i32 {
    match expr {
        Expr::Var(n) => n.typmod,
        Expr::Const(n) => n.typmod,
        Expr::Param(n) => n.typmod,
        Expr::SubscriptingRef(n) => n.typmod,
        Expr::FuncExpr(_) => expr_is_length_coercion(expr).unwrap_or(-1),
        Expr::NamedArgExpr(n) => expr_typmod(&n.arg),
        Expr::NullIfExpr(n) => n.args.first().map_or(-1, expr_typmod),
        Expr::FieldSelect(n) => n.typmod,
        Expr::RelabelType(n) => n.typmod,
        Expr::ArrayCoerceExpr(n) => n.typmod,
        Expr::CollateExpr(n) => expr_typmod(&n.arg),
        Expr::CaseExpr(n) => {
            common_typmod(n.ty, std::iter::once(&*n.default).chain(n.whens.iter().map(|when| &when.result)))
        }
        Expr::CaseTestExpr(n) => n.typmod,
        Expr::ArrayExpr(n) => common_typmod(if n.multidims { n.array_type } else { n.element_type }, n.elements.iter()),
        Expr::CoalesceExpr(n) => common_typmod(n.ty, n.args.iter()),
        Expr::MinMaxExpr(n) => common_typmod(n.ty, n.args.iter()),
        Expr::SqlValueFunction(n) => n.typmod,
        Expr::JsonValueExpr(n) => expr_typmod(&n.formatted),
        Expr::JsonConstructorExpr(n) => n.returning.typmod,
        Expr::JsonExpr(n) => n.returning.typmod,
        Expr::CoerceToDomain(n) => n.typmod,
        Expr::CoerceToDomainValue(n) => n.typmod,
        Expr::OpExpr(_)
        | Expr::DistinctExpr(_)
        | Expr::ScalarArrayOpExpr(_)
        | Expr::BoolExpr(_)
        | Expr::CoerceViaIO(_)
        | Expr::ConvertRowtypeExpr(_)
        | Expr::RowExpr(_)
        | Expr::RowCompareExpr(_)
        | Expr::XmlExpr(_)
        | Expr::JsonIsPredicate(_)
        | Expr::NullTest(_)
        | Expr::BooleanTest(_)
        | Expr::Aggref(_)
        | Expr::GroupingFunc(_)
        | Expr::WindowFunc(_)
        | Expr::FieldStore(_)
        | Expr::MergeSupportFunc => -1,
        Expr::SubLink(n) => n.typmod,
        Expr::SubLinkOutput(n) => n.typmod,
        Expr::MultiAssignment(n) => n.typmod,
        Expr::SubscriptAssignment(n) => n.place.typmod,
        Expr::SetToDefault(n) => n.typmod,
    }
}

/// The modifier that all alternatives share when all have the wanted type.
fn common_typmod<'a>(wanted: Oid, alternatives: impl Iterator<Item = &'a Expr>) -> i32 {
    let mut common: Option<i32> = None;
    for alternative in alternatives {
        if expr_type(alternative) != wanted {
            return -1;
        }
        let typmod = expr_typmod(alternative);
        if typmod < 0 || common.is_some_and(|before| before != typmod) {
            return -1;
        }
        common = Some(typmod);
    }
    common.unwrap_or(-1)
}

/// The modifier that a length coercion coerces to, when the expression is one (`exprIsLengthCoercion`).
#[must_use]
pub fn expr_is_length_coercion(expr: &Expr) -> Option<i32> {
    match expr {
        Expr::FuncExpr(func) => func.length_coercion(),
        Expr::ArrayCoerceExpr(coerce) => (coerce.typmod >= 0).then_some(coerce.typmod),
        _ => None,
    }
}

impl FuncExpr {
    /// The modifier that the call coerces to, when it is a length coercion.
    #[must_use]
    pub fn length_coercion(&self) -> Option<i32> {
        if !matches!(self.format, CoercionForm::ExplicitCast | CoercionForm::ImplicitCast) {
            return None;
        }
        match self.args.as_slice() {
            [_, Expr::Const(typmod)] | [_, Expr::Const(typmod), _] if typmod.ty == Oid::INT4 => {
                typmod.value.as_deref()?.parse().ok()
            }
            _ => None,
        }
    }
}

/// The collation of an expression's result (`exprCollation`).
#[must_use]
pub fn expr_collation(expr: &Expr) -> Oid {
    match expr {
        Expr::Var(n) => n.collation,
        Expr::Const(n) => n.collation,
        Expr::Param(n) => n.collation,
        Expr::SubscriptingRef(n) => n.collation,
        Expr::FuncExpr(n) => n.collation,
        Expr::NamedArgExpr(n) => expr_collation(&n.arg),
        Expr::OpExpr(n) | Expr::DistinctExpr(n) | Expr::NullIfExpr(n) => n.collation,
        Expr::FieldSelect(n) => n.collation,
        Expr::RelabelType(n) => n.collation,
        Expr::CoerceViaIO(n) => n.collation,
        Expr::ArrayCoerceExpr(n) => n.collation,
        Expr::CollateExpr(n) => n.collation,
        Expr::CaseExpr(n) => n.collation,
        Expr::CaseTestExpr(n) => n.collation,
        Expr::ArrayExpr(n) => n.collation,
        Expr::CoalesceExpr(n) => n.collation,
        Expr::MinMaxExpr(n) => n.collation,
        Expr::SqlValueFunction(n) => {
            if n.ty == Oid::NAME {
                Oid::C_COLLATION
            } else {
                Oid::INVALID
            }
        }
        Expr::XmlExpr(n) => {
            if n.op == XmlExprOp::Serialize {
                Oid::DEFAULT_COLLATION
            } else {
                Oid::INVALID
            }
        }
        Expr::JsonValueExpr(n) => expr_collation(&n.formatted),
        Expr::JsonConstructorExpr(n) => n.coercion.as_deref().map_or(Oid::INVALID, expr_collation),
        Expr::JsonExpr(n) => n.collation,
        Expr::CoerceToDomain(n) => n.collation,
        Expr::CoerceToDomainValue(n) => n.collation,
        Expr::Aggref(n) => n.collation,
        Expr::WindowFunc(n) => n.collation,
        Expr::SubLink(n) => n.collation,
        Expr::SubLinkOutput(n) => n.collation,
        Expr::MultiAssignment(n) => n.collation,
        Expr::SubscriptAssignment(n) => n.place.collation,
        Expr::SetToDefault(n) => n.collation,
        Expr::MergeSupportFunc => Oid::DEFAULT_COLLATION,
        Expr::GroupingFunc(_)
        | Expr::FieldStore(_)
        | Expr::ScalarArrayOpExpr(_)
        | Expr::BoolExpr(_)
        | Expr::ConvertRowtypeExpr(_)
        | Expr::RowExpr(_)
        | Expr::RowCompareExpr(_)
        | Expr::JsonIsPredicate(_)
        | Expr::NullTest(_)
        | Expr::BooleanTest(_) => Oid::INVALID,
    }
}

/// The collation that a node's function works with, invalid where it keeps none (`exprInputCollation`).
#[must_use]
pub fn expr_input_collation(expr: &Expr) -> Oid {
    match expr {
        Expr::FuncExpr(n) => n.input_collation,
        Expr::OpExpr(n) | Expr::DistinctExpr(n) | Expr::NullIfExpr(n) => n.input_collation,
        Expr::ScalarArrayOpExpr(n) => n.input_collation,
        Expr::MinMaxExpr(n) => n.input_collation,
        Expr::Aggref(n) => n.input_collation,
        Expr::WindowFunc(n) => n.input_collation,
        _ => Oid::INVALID,
    }
}

/// Sets the collation of a node's result (`exprSetCollation`); nothing where the node cannot hold one.
pub fn expr_set_collation(expr: &mut Expr, collation: Oid) {
    match expr {
        Expr::Var(n) => n.collation = collation,
        Expr::Const(n) => n.collation = collation,
        Expr::Param(n) => n.collation = collation,
        Expr::SubscriptingRef(n) => n.collation = collation,
        Expr::FuncExpr(n) => n.collation = collation,
        Expr::OpExpr(n) | Expr::DistinctExpr(n) | Expr::NullIfExpr(n) => n.collation = collation,
        Expr::FieldSelect(n) => n.collation = collation,
        Expr::RelabelType(n) => n.collation = collation,
        Expr::CoerceViaIO(n) => n.collation = collation,
        Expr::ArrayCoerceExpr(n) => n.collation = collation,
        Expr::CaseExpr(n) => n.collation = collation,
        Expr::CaseTestExpr(n) => n.collation = collation,
        Expr::ArrayExpr(n) => n.collation = collation,
        Expr::CoalesceExpr(n) => n.collation = collation,
        Expr::MinMaxExpr(n) => n.collation = collation,
        Expr::JsonValueExpr(n) => expr_set_collation(&mut n.formatted, collation),
        Expr::JsonConstructorExpr(n) => {
            if let Some(coercion) = n.coercion.as_deref_mut() {
                expr_set_collation(coercion, collation);
            }
        }
        Expr::JsonExpr(n) => n.collation = collation,
        Expr::CoerceToDomain(n) => n.collation = collation,
        Expr::CoerceToDomainValue(n) => n.collation = collation,
        Expr::Aggref(n) => n.collation = collation,
        Expr::WindowFunc(n) => n.collation = collation,
        Expr::SubLink(n) => n.collation = collation,
        Expr::SubLinkOutput(n) => n.collation = collation,
        Expr::MultiAssignment(n) => n.collation = collation,
        Expr::SubscriptAssignment(n) => n.place.collation = collation,
        Expr::SetToDefault(n) => n.collation = collation,
        Expr::GroupingFunc(_)
        | Expr::FieldStore(_)
        | Expr::MergeSupportFunc
        | Expr::NamedArgExpr(_)
        | Expr::CollateExpr(_)
        | Expr::SqlValueFunction(_)
        | Expr::XmlExpr(_)
        | Expr::ScalarArrayOpExpr(_)
        | Expr::BoolExpr(_)
        | Expr::ConvertRowtypeExpr(_)
        | Expr::RowExpr(_)
        | Expr::RowCompareExpr(_)
        | Expr::JsonIsPredicate(_)
        | Expr::NullTest(_)
        | Expr::BooleanTest(_) => {}
    }
}

/// Sets the collation that a node's function works with (`exprSetInputCollation`); nothing where it keeps none.
pub fn expr_set_input_collation(expr: &mut Expr, collation: Oid) {
    match expr {
        Expr::FuncExpr(n) => n.input_collation = collation,
        Expr::OpExpr(n) | Expr::DistinctExpr(n) | Expr::NullIfExpr(n) => n.input_collation = collation,
        Expr::ScalarArrayOpExpr(n) => n.input_collation = collation,
        Expr::MinMaxExpr(n) => n.input_collation = collation,
        Expr::Aggref(n) => n.input_collation = collation,
        Expr::WindowFunc(n) => n.input_collation = collation,
        _ => {}
    }
}

/// The expression under any implicit coercions on top of it (`strip_implicit_coercions`).
#[must_use]
pub fn strip_implicit_coercions(expr: &Expr) -> &Expr {
    let mut at = expr;
    loop {
        at = match at {
            Expr::FuncExpr(n) if n.format == CoercionForm::ImplicitCast => match n.args.first() {
                Some(arg) => arg,
                None => return at,
            },
            Expr::RelabelType(n) if n.format == CoercionForm::ImplicitCast => &n.arg,
            Expr::CoerceViaIO(n) if n.format == CoercionForm::ImplicitCast => &n.arg,
            Expr::ArrayCoerceExpr(n) if n.format == CoercionForm::ImplicitCast => &n.arg,
            Expr::ConvertRowtypeExpr(n) if n.format == CoercionForm::ImplicitCast => &n.arg,
            Expr::CoerceToDomain(n) if n.format == CoercionForm::ImplicitCast => &n.arg,
            _ => return at,
        };
    }
}

impl JsonFormatType {
    /// The format that a returned type has without a word said (`FORMAT JSONB` for jsonb).
    #[must_use]
    pub fn of_type(ty: Oid) -> Self {
        if ty == Oid::JSONB { Self::Jsonb } else { Self::Json }
    }
}
