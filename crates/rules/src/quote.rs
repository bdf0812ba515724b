//! Which fields an expression read, quoted from the object: `spec.replicas: 12`.

use crate::compile::children;
use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue};
use serde_json::Value;

/// So many fields are quoted.
const FIELDS_MAX: usize = 6;

/// The plain fields of the object that the expression names, with their values, in the order of the expression; `None`
/// where it names none that is a text, a number or a switch.
pub(crate) fn fields(expr: &IdedExpr, object: &Value) -> Option<String> {
    let mut quotes = Vec::new();
    walk(expr, object, &mut quotes);
    quotes.truncate(FIELDS_MAX);
    (!quotes.is_empty()).then(|| quotes.join(", "))
}

fn walk(expr: &IdedExpr, object: &Value, quotes: &mut Vec<String>) {
    if let Some(path) = path(expr) {
        let value = path.iter().try_fold(object, |at, step| at.get(step.as_str()));
        let text = match value {
            Some(Value::String(s)) => Some(s.clone()),
            Some(Value::Number(_) | Value::Bool(_)) => value.map(ToString::to_string),
            Some(_) => None,
            None => Some("∅".to_owned()),
        };
        let quote = text.map(|text| format!("{}: {text}", written(&path)));
        quotes.extend(quote.filter(|q| !quotes.contains(q)));
        return;
    }
    for child in children(expr) {
        walk(child, object, quotes);
    }
}

/// The steps from the object to a field; `None` for any other expression, and for the object itself.
fn path(expr: &IdedExpr) -> Option<Vec<String>> {
    fn steps(expr: &IdedExpr) -> Option<Vec<String>> {
        match &expr.expr {
            Expr::Ident(name) => (name == "object").then(Vec::new),
            Expr::Select(select) => {
                let mut path = steps(&select.operand)?;
                path.push(select.field.clone());
                Some(path)
            }
            Expr::Call(call) if call.func_name == "_[_]" => {
                let [operand, key] = call.args.as_slice() else { return None };
                let Expr::Literal(LiteralValue::String(key)) = &key.expr else { return None };
                let mut path = steps(operand)?;
                path.push(key.inner().to_owned());
                Some(path)
            }
            _ => None,
        }
    }
    steps(expr).filter(|path| !path.is_empty())
}

/// `metadata.labels[app.kubernetes.io/name]`.
fn written(path: &[String]) -> String {
    let plain = |step: &str| step.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let step = |(place, step): (usize, &String)| match (plain(step), place) {
        (true, 0) => step.clone(),
        (true, _) => format!(".{step}"),
        (false, _) => format!("[{step}]"),
    };
    path.iter().enumerate().map(step).collect()
}
