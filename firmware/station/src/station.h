// The station: what each message means, and when everything must be safe.
#pragma once

namespace station {

void begin();
void pass();  // once round the loop; never waits but for the next interrupt

}  // namespace station
