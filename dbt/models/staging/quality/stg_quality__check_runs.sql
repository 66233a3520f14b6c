with

source as (

    select * from {{ source('quality', 'check_runs') }}

),

renamed as (

    select

        ---------- ids
        check_id,

        ---------- strings
        severity,
        status,

        ---------- numerics
        evaluated_rows,
        finding_count,

        ---------- dates and timestamps
        as_of

    from source

)

select * from renamed
