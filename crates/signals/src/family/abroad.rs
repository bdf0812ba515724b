//! The words of the system's errors in other languages, led back to the English ones that the families know.
//!
//! Source: the translations of glibc (`po/*.po`: strerror, `gai_strerror`); programs print them wherever `LANG` is set.

use regex::Regex;
use std::sync::LazyLock;

/// What is known of it: the English words, and what stands for them elsewhere (zh, ja, de, fr, es, ru).
const KNOWN: [(&str, &str); 8] = [
    (
        "connection refused",
        "拒绝连接|连接被拒绝|接続を拒否されました|Verbindungsaufbau abgelehnt|Connexion refusée|Conexión re(?:husada|chazada)|\
         Connessione rifiutata|В соединении отказано",
    ),
    (
        "connection timed out",
        "连接超时(?:[^时設设为=]|$)|接続がタイムアウト|Die Wartezeit für die Verbindung ist abgelaufen|\
         Connexion terminée par expiration du délai|Expiró el tiempo de conexión|Время ожидания соединения истекло",
    ),
    (
        "no route to host",
        "没有到主机的路由|ホストへの経路がありません|Keine Route zum Zielrechner|Aucun chemin d'accès pour atteindre l'hôte|\
         No existe ninguna ruta hasta|Нет маршрута до узла",
    ),
    (
        "name or service not known",
        "未知的名[称字]或服务|名前またはサービスが不明|Der Name oder der Dienst ist nicht bekannt|Nom ou service inconnu|\
         Nombre o servicio desconocido|Имя или служба не известн",
    ),
    (
        "temporary failure in name resolution",
        "域名解析(?:暂时)?失败|Temporärer Fehler bei der Namensauflösung|Échec temporaire dans la résolution du nom|\
         Fallo temporal en la resolución del nombre|Временный сбой в разрешении им[её]н",
    ),
    (
        "no space left on device",
        "设备上没有空间|デバイスに空き領域がありません|Auf dem Gerät ist kein Speicherplatz mehr verfügbar|\
         Aucun espace disponible sur le périphérique|No queda espacio en el dispositivo|На устройстве не осталось свободного места",
    ),
    (
        "exec format error",
        "可执行文件格式错误|実行形式エラー|Fehler im Format der Programmdatei|Erreur de format pour exec\\(\\)|\
         Formato de ejecutable incorrecto|Ошибка формата выполняемого файла",
    ),
    ("not found", "未找到命令"),
];

static ANY: LazyLock<Option<(Regex, Vec<Regex>)>> = LazyLock::new(|| {
    let each: Option<Vec<Regex>> = KNOWN.iter().map(|(_, words)| Regex::new(words).ok()).collect();
    let all: Vec<&str> = KNOWN.iter().map(|(_, words)| *words).collect();
    Some((Regex::new(&all.join("|")).ok()?, each?))
});

/// The English words for what the line says in another language; `None` where it says nothing that is known.
pub(crate) fn english(line: &str) -> Option<&'static str> {
    let (any, each) = ANY.as_ref()?;
    let position = any.is_match(line).then(|| each.iter().position(|r| r.is_match(line)))??;
    KNOWN.get(position).map(|(words, _)| *words)
}

#[cfg(test)]
mod tests {
    use super::english;

    #[test]
    fn the_systems_words_are_led_back() {
        for (line, want) in [
            ("错误：无法连接数据库 mysql:3306：拒绝连接", Some("connection refused")),
            ("connect: Verbindungsaufbau abgelehnt", Some("connection refused")),
            ("dial redis:6379 失败：连接超时", Some("connection timed out")),
            ("连接超时时间设置为 30s", None),
            ("cp: 写入 '/data/x' 出错: 设备上没有空间", Some("no space left on device")),
            ("exec /app/server: 可执行文件格式错误", Some("exec format error")),
            ("connection refused", None),
        ] {
            assert_eq!(english(line), want, "{line}");
        }
    }
}
