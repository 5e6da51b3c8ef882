"""tritonclient as it is on PyPI, against a server. Prints what it gets as JSON.

python3 triton.py 127.0.0.1:8321 MODEL
"""

import json
import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

address, model = sys.argv[1:]
client = http.InferenceServerClient(url=address)


def tensor(name, values, datatype, binary=True):
    given = http.InferInput(name, list(values.shape), datatype)
    given.set_data_from_numpy(values, binary_data=binary)
    return given


def texts(values):
    return np.array(values, dtype=np.object_)


def plain(result, names):
    return {name: result.as_numpy(name).tolist() for name in names}


def shown(columns):
    """Bytes as text."""
    if isinstance(columns, dict):
        return {name: shown(value) for name, value in columns.items()}
    if isinstance(columns, list):
        return [shown(value) for value in columns]
    return columns.decode() if isinstance(columns, bytes) else columns


ranked = ["keys", "titles", "scores"]
users = tensor("user", texts(["u1", "u2"]), "BYTES")
histories = texts([["m1", "m2", "m3"], ["m4", "", ""]])
answers = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "modelReady": client.is_model_ready(model),
    "versionReady": client.is_model_ready(model, "v1"),
    "otherReady": client.is_model_ready("other"),
    "server": client.get_server_metadata(),
    "model": client.get_model_metadata(model),
}
given = client.infer(model, [users], request_id="7")
answers["binary"] = plain(given, ranked)
answers["response"] = {
    "id": given.get_response()["id"],
    "model_name": given.get_response()["model_name"],
    "model_version": given.get_response()["model_version"],
}
answers["json"] = plain(
    client.infer(
        model,
        [tensor("user", texts(["u1", "u2"]), "BYTES", binary=False)],
        outputs=[http.InferRequestedOutput(name, binary_data=False) for name in ranked],
    ),
    ranked,
)
answers["someOutputs"] = plain(
    client.infer(model, [users], model_version="v1", outputs=[http.InferRequestedOutput("scores")]), ["scores"]
)
answers["filtered"] = plain(
    client.infer(
        model,
        [tensor("history", histories, "BYTES"), tensor("exclude", texts([["m20", "m21"], ["m22", ""]]), "BYTES")],
        parameters={"k": 3, "filter": "year > 1990"},
    ),
    ranked,
)
answers["each"] = plain(
    client.infer(
        model,
        [tensor("user", texts([["u1"], ["u2"]]), "BYTES"), tensor("k", np.array([[2], [4]], dtype=np.int32), "INT32")],
    ),
    ranked,
)
vectors = client.infer(model + ".query_vector", [users]).as_numpy("vector")
answers["vectors"] = {"dtype": str(vectors.dtype), "shape": list(vectors.shape)}
answers["searched"] = plain(
    client.infer(model + ".search", [tensor("vector", vectors, "FP32"), users]), ranked
)
items = client.infer(model + ".item_vector", [tensor("item", texts(["m1", "m2"]), "BYTES")]).as_numpy("vector")
answers["products"] = (vectors.astype(np.float64) @ items.astype(np.float64).T).tolist()
answers["similar"] = plain(client.infer(model + ".similar", [tensor("item", texts(["m1"]), "BYTES")]), ranked)
answers["async"] = plain(client.async_infer(model, [users]).get_result(), ranked)

errors = {}
for name, call in {
    "model": lambda: client.infer("other", [users]),
    "user": lambda: client.infer(model, [tensor("usr", texts(["u1"]), "BYTES")]),
    "k": lambda: client.infer(model, [users], parameters={"k": -1}),
    "type": lambda: client.infer(model, [tensor("k", np.array([1.5]), "FP64"), users]),
    "gzip": lambda: client.infer(model, [users], request_compression_algorithm="gzip"),
}.items():
    try:
        call()
        errors[name] = "no error"
    except InferenceServerException as error:
        errors[name] = [error.status(), error.message()]
answers["errors"] = errors
print(json.dumps(shown(answers)))
