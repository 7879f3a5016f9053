"""Ask the processor for a place in memory before it is needed."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_BYTE = ir.IntType(8).as_pointer()
_INT = ir.IntType(32)


@intrinsic
def prefetch(typing_context: Any, array: Any, item: Any) -> Any:  # noqa: ANN401 - numba's types
    """In compiled code, `prefetch(array, item)` begins to read an item of a contiguous array.

    The item is counted as in `array.ravel()`; one outside the array is allowed and does nothing.
    It is LLVM's `llvm.prefetch`, to read, into all caches.
    """
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        place = builder.bitcast(builder.gep(data, [values[1]]), _BYTE)
        kind = ir.FunctionType(ir.VoidType(), [_BYTE, _INT, _INT, _INT])
        call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        builder.call(call, [place, _INT(0), _INT(3), _INT(1)])
        return context.get_dummy_value()

    return types.void(array, item), generate
