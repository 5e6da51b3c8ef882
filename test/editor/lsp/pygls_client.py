"""Asks the language server as pygls does, whose types refuse an answer that the protocol does not allow. Prints what it got as JSON."""
import asyncio
import json
import sys

from lsprotocol import types as t
from pygls.lsp.client import LanguageClient


async def main(node: str, program: str, uri: str, path: str) -> None:
    client = LanguageClient("check", "1")
    await client.start_io(node, program, "lsp", "--stdio")
    capabilities = t.ClientCapabilities(
        text_document=t.TextDocumentClientCapabilities(diagnostic=t.DiagnosticClientCapabilities())
    )
    options = {"commands": ["tower.train"]}
    server = await client.initialize_async(
        t.InitializeParams(capabilities=capabilities, process_id=None, root_uri=None, initialization_options=options)
    )
    client.initialized(t.InitializedParams())
    with open(path, encoding="utf-8") as file:
        text = file.read()
    client.text_document_did_open(
        t.DidOpenTextDocumentParams(t.TextDocumentItem(uri=uri, language_id="tower", version=1, text=text))
    )
    document = t.TextDocumentIdentifier(uri=uri)
    lines = text.split("\n")
    row = next(at for at, line in enumerate(lines) if line.startswith("task"))
    start = t.Position(row, lines[row].index("cosine"))
    name = t.Position(row, lines[row].index("user"))
    here = t.Range(start, start)
    everything = t.Range(t.Position(0, 0), t.Position(len(lines), 0))
    layout = t.FormattingOptions(tab_size=2, insert_spaces=True)

    report = await client.text_document_diagnostic_async(t.DocumentDiagnosticParams(text_document=document))
    actions = await client.text_document_code_action_async(
        t.CodeActionParams(text_document=document, range=here, context=t.CodeActionContext(diagnostics=[]))
    )
    asked = await client.text_document_code_lens_async(t.CodeLensParams(text_document=document))
    lenses = [one if one.command else await client.code_lens_resolve_async(one) for one in asked]
    hover = await client.text_document_hover_async(t.HoverParams(text_document=document, position=name))
    completions = await client.text_document_completion_async(t.CompletionParams(text_document=document, position=name))
    symbols = await client.text_document_document_symbol_async(t.DocumentSymbolParams(text_document=document))
    renamed = await client.text_document_rename_async(
        t.RenameParams(text_document=document, position=name, new_name="reader")
    )
    hints = await client.text_document_inlay_hint_async(t.InlayHintParams(text_document=document, range=everything))
    tokens = await client.text_document_semantic_tokens_full_async(t.SemanticTokensParams(text_document=document))
    edits = await client.text_document_formatting_async(t.DocumentFormattingParams(text_document=document, options=layout))
    print(
        json.dumps(
            {
                "server": server.server_info.name,
                "codes": [one.code for one in report.items],
                "actions": [one.title for one in actions],
                "lenses": [one.command.title for one in lenses],
                "hover": hover.contents.value,
                "completions": len(completions if isinstance(completions, list) else completions.items),
                "symbols": [one.name for one in symbols],
                "renamed": len(renamed.changes[uri]),
                "hints": [one.label for one in hints],
                "tokens": len(tokens.data) // 5,
                "edits": len(edits),
            }
        )
    )
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()


asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), 90))
