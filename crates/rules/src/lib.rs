//! Rules over whole objects, written in CEL (<https://github.com/google/cel-spec>): compiled and proven on their own
//! examples once, then asked about each object while a reader has its JSON.
//!
//! Knows nothing about where objects come from, nor about what a rule's finding means. Objects are taken as hostile: the
//! work that a rule may do on one is bounded, what it cannot do is a failure that is told, and of a Secret it sees
//! neither data nor annotations.

mod compile;
mod example;
mod object;
mod quote;
mod value;

use cel::{Context, Env, Program, Value};
use compile::Compiled;
use kubecause_evidence::{Failure, Kind, Remark, Remarks, Str, Subject, Watcher};
use kubecause_model::Params;
use kubecause_signals::ObjectRule;
use object::Object;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A rule that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// Id of the rule.
    pub rule: String,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}: {}", self.rule, self.why)
    }
}

impl std::error::Error for RuleError {}

/// Rules, compiled.
pub struct Rules {
    env: Arc<Env>,
    all: Vec<Rule>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.iter().map(|r| &r.id)).finish()
    }
}

struct Rule {
    id: Str,
    kinds: Vec<Kind>,
    text: String,
    when: Compiled,
    params: Vec<(String, Compiled)>,
}

impl Rules {
    /// Compiles rules and tries them on their own examples.
    ///
    /// # Errors
    /// All that is wrong: an expression that does not compile or asks for too much, an example that does not hold.
    pub fn compile(rules: &[ObjectRule]) -> Result<Self, Vec<RuleError>> {
        let env = Arc::new(compile::environment());
        let (mut all, mut wrong) = (Vec::new(), Vec::new());
        for rule in rules {
            let fail = |why: String| RuleError { rule: rule.id.to_owned(), why };
            match Rule::new(&env, rule) {
                Ok(compiled) => {
                    wrong.extend(example::prove(&env, &compiled, rule).into_iter().map(fail));
                    all.push(compiled);
                }
                Err(why) => wrong.push(fail(why)),
            }
        }
        if wrong.is_empty() { Ok(Self { env, all }) } else { Err(wrong) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

impl Rule {
    fn new(env: &Arc<Env>, rule: &ObjectRule) -> Result<Self, String> {
        let when = compile::expression(env, &rule.when).map_err(|why| format!("when: {why}"))?;
        let param = |(name, text): (&String, &String)| {
            let compiled = compile::expression(env, text).map_err(|why| format!("params.{name}: {why}"))?;
            Ok((name.clone(), compiled))
        };
        let params = rule.params.iter().map(param).collect::<Result<_, String>>()?;
        Ok(Self { id: rule.id.into(), kinds: rule.kinds.clone(), text: rule.when.clone(), when, params })
    }

    /// Whether it holds for that object.
    fn holds(&self, env: &Arc<Env>, object: &Object) -> Result<bool, String> {
        match evaluate(env, &self.when, object)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(format!("it gives {}, not true or false", value::type_name(&other))),
        }
    }

    /// The params that have a value for that object.
    fn params(&self, env: &Arc<Env>, object: &Object) -> Params {
        let value = |(name, compiled): &(String, Compiled)| {
            let text = value::text(&evaluate(env, compiled, object).ok()?)?;
            Some((name.clone(), text)).filter(|(_, text)| !text.is_empty())
        };
        self.params.iter().filter_map(value).collect()
    }
}

fn evaluate(env: &Arc<Env>, compiled: &Compiled, object: &Object) -> Result<Value, String> {
    object.is_small_enough_for(compiled.nesting)?;
    let mut context = Context::with_env(env.clone());
    context.add_variable_as_val("object", object.value());
    let program: &Program = &compiled.program;
    let run = AssertUnwindSafe(|| program.execute(&context).map_err(|e| e.to_string()));
    catch_unwind(run).unwrap_or_else(|_| Err("the expression could not be evaluated".to_owned()))
}

impl Watcher for Rules {
    fn rules(&self) -> Vec<Str> {
        self.all.iter().map(|r| r.id.clone()).collect()
    }

    fn rules_for(&self, kind: &Kind) -> Vec<Str> {
        self.all.iter().filter(|r| r.kinds.contains(kind)).map(|r| r.id.clone()).collect()
    }

    fn wants(&self, kind: &Kind) -> bool {
        self.all.iter().any(|r| r.kinds.contains(kind))
    }

    fn look(&self, kind: &Kind, json: &str) -> Remarks {
        let mut out = Remarks::default();
        let Ok(parsed) = serde_json::from_str(json) else { return out };
        let object = Object::new(kind, parsed);
        let subject: Subject = object.subject(kind);
        for rule in self.all.iter().filter(|r| r.kinds.contains(kind)) {
            match rule.holds(&self.env, &object) {
                Ok(false) => {}
                Ok(true) => out.hold.push(Remark {
                    rule: rule.id.clone(),
                    subject: subject.clone(),
                    params: rule.params(&self.env, &object),
                    text: quote::fields(rule.when.program.expression(), object.json())
                        .unwrap_or_else(|| rule.text.clone()),
                }),
                Err(says) => {
                    out.failed.push(Failure { rule: rule.id.clone(), subject: subject.clone(), says });
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
