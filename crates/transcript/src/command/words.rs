//! A command line → words, as a shell splits it, as far as it matters here.

/// Splits a command line into words, as a shell does, as far as it matters here.
pub fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quote, mut started) = (None, false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                started = true;
            }
            (None, '\\') => word.extend(chars.next()),
            (None, ' ' | '\t' | '\n') => flush(&mut word, &mut started, &mut words),
            (None, '|' | ';' | '&') => {
                flush(&mut word, &mut started, &mut words);
                let mut mark = c.to_string();
                mark.extend(chars.next_if_eq(&c));
                words.push(mark);
            }
            (None, '#') if word.is_empty() && !words.is_empty() => break,
            (None, c) => word.push(c),
        }
    }
    flush(&mut word, &mut started, &mut words);
    words
}

fn flush(word: &mut String, started: &mut bool, words: &mut Vec<String>) {
    if !word.is_empty() || *started {
        words.push(std::mem::take(word));
    }
    *started = false;
}
