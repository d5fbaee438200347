"""BERT's network (Devlin et al. 2018) by torch alone, over weights that were read from a safetensors file."""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from index.processor import multiplies_bytes

if TYPE_CHECKING:
    from torch import Tensor

# Beside a matrix of whole numbers: what 1 is worth in each of its rows.
_STEPS = "steps"
# For a row of zeros.
_LEAST = 1e-30


class Network:
    """From token ids to the last layer's token vectors; `config` is the model's config.json.

    With `first_only` the last layer works out the vectors of the first tokens alone, a seventh less to do.
    """

    def __init__(self, weights: "Mapping[str, Tensor]", config: Mapping[str, int], *, first_only: bool = False) -> None:
        self.weights, self._config, self._first_only = dict(weights), config, first_only
        self._layers = config["num_hidden_layers"]
        self._heads = config["num_attention_heads"]
        self._epsilon = config["layer_norm_eps"]
        self._recorded = self._record()

    def with_weights(self, weights: "Mapping[str, Tensor]", *, first_only: bool = False) -> "Network":
        """The same with other values for some of its weights, by their names; the rest are shared."""
        return Network({**self.weights, **weights}, self._config, first_only=first_only)

    def in_bfloat16(self) -> "Network":
        """The same with the layers' matrices as bfloat16: a copy of 21 MB, the rest shared.

        Matrix products, attention and activation are then computed in it; sums and norms in float32.
        """
        import torch

        return self.with_weights(
            {
                name: values.to(torch.bfloat16)
                for name, values in self.weights.items()
                if name.startswith("encoder.") and "LayerNorm" not in name
            }
        )

    def in_whole_numbers(self) -> "Network":
        """The same with the layers' matrices as whole numbers from -127 to 127: a copy of 11 MB, the rest shared.

        Rows of matrices are whole numbers of steps of their own, and so is each token's vector when it is multiplied
        (vector-wise quantisation; Dettmers et al. 2022, LLM.int8()). All else is computed in float32. Where the CPU does
        not multiply bytes the same numbers are multiplied as float32.
        """
        import torch

        kept = torch.int8 if multiplies_bytes() else torch.float32
        weights: dict[str, Tensor] = {}
        for name, values in self.weights.items():
            if name.startswith("encoder.") and name.endswith(".weight") and "LayerNorm" not in name:
                whole, steps = _in_steps(values.float())
                weights[name], weights[name.removesuffix("weight") + _STEPS] = whole.to(kept), steps.squeeze(1)
        return self.with_weights(weights, first_only=self._first_only)

    def __call__(self, tokens: "Tensor", present: "Tensor", segments: "Tensor | None" = None) -> "Tensor":
        """(texts, length) token ids, which of them are no padding, and their segments, 0 or 1, to the tokens' vectors.

        Shape (texts, length, width), with `first_only` (texts, 1, width). Without segments all are 0.
        """
        import torch

        hidden: Tensor = self._recorded(tokens, present, torch.zeros_like(tokens) if segments is None else segments)
        return hidden

    def _record(self) -> Any:
        """`_run` as torch records it: the same operations without Python between any two.

        Each operation gives up Python's lock and takes it back, and where other threads are busy waits 5 ms for it: with one
        such thread a question's hundred operations took 660 ms, recorded 33. torch calls its recorder deprecated and has
        nothing in its place that needs no compiler.
        """
        import torch

        ids = torch.zeros((2, 8), dtype=torch.long)
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore", DeprecationWarning)
            return torch.jit.trace(self._run, (ids, ids == 0, ids), check_trace=False)  # type: ignore[no-untyped-call]

    def _run(self, tokens: "Tensor", present: "Tensor", segments: "Tensor") -> "Tensor":
        from torch.nn import functional

        tables = "embeddings.word_embeddings", "embeddings.position_embeddings", "embeddings.token_type_embeddings"
        words, places, kinds = (self.weights[f"{table}.weight"] for table in tables)
        hidden = self._normalize("embeddings.LayerNorm", words[tokens] + places[: tokens.shape[1]] + kinds[segments])
        for number in range(self._layers):
            layer = f"encoder.layer.{number}"
            asking = hidden[:, :1] if self._first_only and number == self._layers - 1 else hidden
            query, key, value = (
                self._linear(f"{layer}.attention.self.{part}", each).view(*each.shape[:2], self._heads, -1).transpose(1, 2)
                for part, each in (("query", asking), ("key", hidden), ("value", hidden))
            )
            attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=present[:, None, None, :])
            attended = self._linear(f"{layer}.attention.output.dense", attended.transpose(1, 2).flatten(2))
            hidden = self._normalize(f"{layer}.attention.output.LayerNorm", asking + attended)
            wide = functional.gelu(self._linear(f"{layer}.intermediate.dense", hidden))
            narrow = self._linear(f"{layer}.output.dense", wide)
            hidden = self._normalize(f"{layer}.output.LayerNorm", hidden + narrow)
        return hidden

    def _linear(self, name: str, values: "Tensor") -> "Tensor":
        from torch.nn import functional

        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        if f"{name}.{_STEPS}" in self.weights:
            return self._whole_linear(name, values)
        return functional.linear(values.to(weight.dtype), weight, bias)

    def _whole_linear(self, name: str, values: "Tensor") -> "Tensor":
        import torch

        weight, bias, steps = (self.weights[f"{name}.{part}"] for part in ("weight", "bias", _STEPS))
        whole, of_tokens = _in_steps(values.flatten(0, -2))
        products = torch._int_mm(whole.to(torch.int8), weight.T) if weight.dtype == torch.int8 else whole @ weight.T
        return torch.addcmul(bias, products * of_tokens, steps).view(*values.shape[:-1], -1)

    def _normalize(self, name: str, values: "Tensor") -> "Tensor":
        from torch.nn import functional

        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return functional.layer_norm(values, weight.shape, weight, bias, self._epsilon)


def _in_steps(rows: "Tensor") -> "tuple[Tensor, Tensor]":
    """Rows (n, width) as whole numbers from -127 to 127, and what 1 is worth in each: (n, 1)."""
    steps = rows.abs().amax(1, keepdim=True).clamp_min(_LEAST) / 127
    return (rows / steps).round(), steps
