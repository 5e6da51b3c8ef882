/**
 * In the place of `global-agent` for onnxruntime-node's install script alone (`overrides` in package.json). npm 11 skips the script by
 * `allowScripts`; npm 10, which comes with Node 20, has no such setting.
 */
exports.bootstrap = () => process.exit(0);
