//! An expression → a program whose work is bounded: its length, its depth, and how deep its loops nest.

use cel::common::ast::{EntryExpr, Expr};
use cel::common::types::{self, CelDouble, CelString};
use cel::common::value::CowVal;
use cel::{Env, ExecutionError, IdedExpr, Program};
use std::sync::Arc;

/// The longest expression, in bytes.
const LENGTH_MAX: usize = 4096;
/// The deepest brackets; the parser is recursive.
const BRACKETS_MAX: usize = 16;
/// The deepest tree; evaluation is recursive, on threads with small stacks.
const DEPTH_MAX: usize = 40;
/// How deep loops (`exists`, `all`, `map` …) may nest.
const NESTING_MAX: u32 = 3;
/// The parser gets a stack of its own, which no expression within these bounds exhausts.
const PARSER_STACK: usize = 64 << 20;

/// A compiled expression.
pub(crate) struct Compiled {
    pub(crate) program: Program,
    /// How deep its loops nest.
    pub(crate) nesting: u32,
}

/// CEL's standard functions, and `quantity("512Mi")`: a Kubernetes quantity as a double.
pub(crate) fn environment() -> Env {
    let mut env = Env::stdlib();
    let declared = env.add_overload("quantity", "quantity_string", vec![types::STRING_TYPE], |args| {
        let text = args.first().and_then(|a| a.downcast_ref::<CelString<'_>>()).map(CelString::inner);
        match text.and_then(kubecause_evidence::quantity::parse) {
            Some(value) => Ok(CowVal::owned(CelDouble::from(value))),
            None => Err(ExecutionError::function_error("quantity", "it is no quantity")),
        }
    });
    debug_assert!(declared.is_ok(), "nothing else of that name");
    env
}

/// Compiles an expression.
pub(crate) fn expression(env: &Arc<Env>, text: &str) -> Result<Compiled, String> {
    if text.len() > LENGTH_MAX {
        return Err(format!("the expression is longer than {LENGTH_MAX} bytes"));
    }
    if brackets(text) > BRACKETS_MAX {
        return Err(format!("brackets nest deeper than {BRACKETS_MAX}"));
    }
    let (env, text) = (env.clone(), text.to_owned());
    let work = move || {
        let program = env.compile(&text).map_err(|e| plain(&e.to_string()))?;
        let (depth, nesting) = measure(program.expression());
        if depth > DEPTH_MAX {
            return Err(format!("the expression is deeper than {DEPTH_MAX} operations"));
        }
        if nesting > NESTING_MAX {
            return Err(format!("loops nest deeper than {NESTING_MAX}"));
        }
        let unknown = unknown(program.expression(), &mut vec!["object"]).map(str::to_owned);
        match unknown {
            Some(name) => Err(format!("{name} is not known; the object is called `object`")),
            None => Ok(Compiled { program, nesting }),
        }
    };
    let thread = std::thread::Builder::new().stack_size(PARSER_STACK).spawn(work);
    let thread = thread.map_err(|e| format!("no thread to compile it: {e}"))?;
    // A panic of the parser is an expression that it does not understand.
    thread.join().unwrap_or_else(|_| Err("the expression cannot be parsed".to_owned()))
}

/// A variable that is neither known nor bound by a loop.
fn unknown<'e>(expr: &'e IdedExpr, known: &mut Vec<&'e str>) -> Option<&'e str> {
    match &expr.expr {
        Expr::Ident(name) => (!known.contains(&name.as_str())).then_some(name),
        Expr::Comprehension(c) => {
            if let Some(name) = unknown(&c.iter_range, known) {
                return Some(name);
            }
            let outer = known.len();
            known
                .extend([c.iter_var.as_str(), c.accu_var.as_str()].into_iter().chain(c.iter_var2.as_deref()));
            let inner = [&c.accu_init, &c.loop_cond, &c.loop_step, &c.result];
            let found = inner.into_iter().find_map(|e| unknown(e, known));
            known.truncate(outer);
            found
        }
        _ => children(expr).into_iter().find_map(|e| unknown(e, known)),
    }
}

/// The parser's words in one line.
fn plain(says: &str) -> String {
    kubecause_model::one_line(says, 300)
}

/// How deep brackets nest; those inside of strings count too.
fn brackets(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The depth of the tree, and how deep loops nest in it.
fn measure(expr: &IdedExpr) -> (usize, u32) {
    let inner = children(expr).into_iter().map(measure);
    let (depth, nesting) = inner.fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)));
    (depth + 1, nesting + u32::from(matches!(expr.expr, Expr::Comprehension(_))))
}

/// The expressions that one is made of.
pub(crate) fn children(expr: &IdedExpr) -> Vec<&IdedExpr> {
    match &expr.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Comprehension(c) => {
            vec![&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result]
        }
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|e| entry(&e.expr)).collect(),
        Expr::Struct(s) => s.entries.iter().flat_map(|e| entry(&e.expr)).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn entry(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}
