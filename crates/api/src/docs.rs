//! The reference page, made from the API description: plain HTML and one style sheet, no script.

mod html;
mod packed;
mod schema;

use serde_json::Value;
use utoipa::openapi::OpenApi;

use html::{Html, text};
pub(crate) use packed::Packed;

/// Its style sheet.
pub(crate) const STYLE: &str = include_str!("docs/style.css");

/// The page at `/docs`.
pub(crate) fn reference(document: &OpenApi) -> String {
    // The document consists of strings and numbers; serialising it cannot fail.
    let document = serde_json::to_value(document).unwrap_or_default();
    let page = Page { document: &document, groups: groups(&document) };
    page.render()
}

/// One operation with where it stands.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    body: &'a Value,
}

impl<'a> Operation<'a> {
    fn id(&self) -> &'a str {
        text(self.body, "operationId")
    }
}

/// The operations of each tag, in the order of the document's tags.
fn groups(document: &Value) -> Vec<(&Value, Vec<Operation<'_>>)> {
    let tags = document.get("tags").and_then(Value::as_array).into_iter().flatten();
    tags.map(|tag| {
        let name = tag.get("name");
        let member = |operation: &Operation<'_>| operation.body.pointer("/tags/0") == name;
        (tag, operations(document).filter(member).collect())
    })
    .collect()
}

fn operations(document: &Value) -> impl Iterator<Item = Operation<'_>> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods
            .filter(|(_, body)| body.get("operationId").is_some())
            .map(move |(method, body)| Operation { method, path, body })
    })
}

/// What the page is made of.
struct Page<'a> {
    document: &'a Value,
    groups: Vec<(&'a Value, Vec<Operation<'a>>)>,
}

impl Page<'_> {
    fn render(&self) -> String {
        let info = self.document.get("info").unwrap_or(&Value::Null);
        let title = text(info, "title");
        let mut page = Html::default();
        page.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
        page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        page.raw("<meta name=\"color-scheme\" content=\"light dark\">");
        page.raw("<link rel=\"stylesheet\" href=\"/docs/style.css\"><title>");
        page.text(title).raw(" API reference</title></head><body class=\"reference\">");
        self.navigation(&mut page, title);
        page.raw("<main><h1>").text(title).raw(" API reference</h1><p class=\"meta\">Version ");
        page.text(text(info, "version"));
        page.raw(" · <a href=\"/openapi.json\">openapi.json</a></p>");
        page.prose(text(info, "description"));
        for (tag, operations) in &self.groups {
            let name = text(tag, "name");
            page.raw("<section><h2 id=\"tag-").text(name).raw("\">").text(name).raw("</h2>");
            page.prose(text(tag, "description"));
            for operation in operations {
                self.operation(&mut page, operation);
            }
            page.raw("</section>");
        }
        schema::section(&mut page, self.document);
        page.raw("</main></body></html>\n");
        page.finish()
    }

    fn navigation(&self, page: &mut Html, title: &str) {
        page.raw("<nav aria-label=\"Operations\"><a class=\"home\" href=\"/\">");
        page.text(title).raw("</a>");
        for (tag, operations) in &self.groups {
            page.raw("<h2>").text(text(tag, "name")).raw("</h2><ul>");
            for operation in operations {
                page.raw("<li><a href=\"#").text(operation.id()).raw("\">");
                page.text(text(operation.body, "summary")).raw("</a></li>");
            }
            page.raw("</ul>");
        }
        page.raw("<h2>Data</h2><ul><li><a href=\"#schemas\">Schemas</a></li></ul></nav>");
    }

    fn operation(&self, page: &mut Html, operation: &Operation<'_>) {
        page.raw("<article id=\"").text(operation.id()).raw("\"><h3>");
        page.text(text(operation.body, "summary")).raw("</h3><p class=\"route\"><span class=\"m ");
        page.text(operation.method).raw("\">").text(&operation.method.to_uppercase());
        page.raw("</span> <code>").text(operation.path).raw("</code>");
        page.raw("<span class=\"id\">").text(operation.id()).raw("</span></p>");
        let scopes = operation.body.pointer("/security/0/bearer").and_then(Value::as_array);
        match scopes.map(|scopes| scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>()) {
            Some(scopes) => {
                let word = if scopes.len() > 1 { "scopes" } else { "scope" };
                page.raw("<p class=\"public\">An API key needs the ").text(word).raw(" <code>");
                page.text(&scopes.join(" ")).raw("</code>.</p>");
            }
            None => {
                page.raw("<p class=\"public\">Needs no token.</p>");
            }
        }
        page.prose(text(operation.body, "description"));
        Self::parameters(page, operation.body);
        self.request(page, operation.body);
        self.responses(page, operation.body);
        page.raw("</article>");
    }

    fn parameters(page: &mut Html, operation: &Value) {
        let Some(parameters) = operation.get("parameters").and_then(Value::as_array) else {
            return;
        };
        page.raw("<h4>Parameters</h4><table><tbody>");
        for parameter in parameters {
            let required = parameter.get("required") == Some(&Value::Bool(true));
            page.raw("<tr><th><code>").text(text(parameter, "name")).raw("</code><small>");
            page.text(text(parameter, "in")).raw(if required { ", required" } else { "" });
            page.raw("</small></th><td>");
            let kind = parameter.get("schema").unwrap_or(&Value::Null);
            schema::kind(page, kind);
            schema::bounds(page, kind);
            page.raw("</td><td>").inline(text(parameter, "description")).raw("</td></tr>");
        }
        page.raw("</tbody></table>");
    }

    fn request(&self, page: &mut Html, operation: &Value) {
        let Some(body) = operation.pointer("/requestBody/content/application~1json/schema") else {
            return;
        };
        page.raw("<h4>Request body</h4><p>");
        schema::kind(page, body);
        page.raw(", <code>application/json</code></p>");
        schema::fields(page, schema::resolve(self.document, body));
        let example = schema::example(self.document, body);
        page.raw("<h5>Example</h5><pre><code>");
        page.text(&serde_json::to_string_pretty(&example).unwrap_or_default());
        page.raw("</code></pre>");
    }

    fn responses(&self, page: &mut Html, operation: &Value) {
        page.raw("<h4>Responses</h4><table><tbody>");
        let responses = operation.get("responses").and_then(Value::as_object);
        for (status, response) in responses.into_iter().flatten() {
            let response = schema::resolve(self.document, response);
            let good = if status.starts_with('2') { "ok" } else { "bad" };
            page.raw("<tr><th class=\"").raw(good).raw("\">").text(status).raw("</th><td>");
            for (content, media) in
                response.get("content").and_then(Value::as_object).into_iter().flatten()
            {
                let kind = media.get("schema").unwrap_or(&Value::Null);
                let is_json = content == "application/json";
                if !is_json {
                    page.raw("<code>").text(content).raw("</code> ");
                }
                if is_json || kind.get("$ref").is_some() {
                    schema::kind(page, kind);
                }
            }
            page.raw("</td><td>").inline(text(response, "description")).raw("</td></tr>");
        }
        page.raw("</tbody></table>");
    }
}

#[cfg(test)]
mod tests;
