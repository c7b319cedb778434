//! Weir's own tools and those of other servers, in one endpoint: an agent is given one connection, and everything that
//! goes through it is decided here.

#![expect(deprecated, reason = "the newest revision lets logs go; the older ones have them")]

use super::Endpoint;
use super::gate::Gate;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, ErrorData,
    GetPromptRequestParams, GetPromptResponse, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams,
    ReadResourceResponse, ServerConfig, SetLevelRequestParams, Tool,
};
use rmcp::service::{RequestContext, RoleServer};

#[derive(Clone)]
pub(super) struct Both {
    pub(super) own: Endpoint,
    pub(super) gate: Gate,
}

type Asked = RequestContext<RoleServer>;
type Page = Option<PaginatedRequestParams>;

impl Both {
    /// Whether Weir itself answers to `name`. What another server calls so is not reachable here.
    fn is_own(&self, name: &str) -> bool {
        self.own.get_tool(name).is_some()
    }
}

impl ServerHandler for Both {
    fn get_info(&self) -> ServerConfig {
        let (own, others) = (self.own.get_info(), self.gate.get_info());
        let words = [own.instructions.clone(), others.instructions];
        let words: Vec<_> = words.into_iter().flatten().collect();
        let mut config = own;
        config.capabilities = others.capabilities;
        config.with_instructions(words.join("\n\n"))
    }

    async fn list_tools(&self, page: Page, context: Asked) -> Result<ListToolsResult, ErrorData> {
        let others = self.gate.list_tools(None, context.clone()).await?.tools;
        let mut tools = self.own.list_tools(page, context).await?.tools;
        tools.extend(others.into_iter().filter(|tool| !self.is_own(&tool.name)));
        Ok(ListToolsResult::with_all_items(tools))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.own.get_tool(name).or_else(|| self.gate.get_tool(name))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: Asked,
    ) -> Result<CallToolResponse, ErrorData> {
        match self.is_own(&request.name) {
            true => self.own.call_tool(request, context).await,
            false => self.gate.call_tool(request, context).await,
        }
    }

    async fn list_prompts(
        &self,
        page: Page,
        context: Asked,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.gate.list_prompts(page, context).await
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: Asked,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.gate.get_prompt(request, context).await
    }

    async fn list_resources(
        &self,
        page: Page,
        context: Asked,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.gate.list_resources(page, context).await
    }

    async fn list_resource_templates(
        &self,
        page: Page,
        context: Asked,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.gate.list_resource_templates(page, context).await
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: Asked,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.gate.read_resource(request, context).await
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: Asked,
    ) -> Result<CompleteResult, ErrorData> {
        self.gate.complete(request, context).await
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        context: Asked,
    ) -> Result<(), ErrorData> {
        self.gate.set_level(request, context).await
    }
}
